// What the overview makes of the server's answers: one verdict, and figures as people read them.
import type { Shape } from '$lib/api/client';
import { duration, number, percent } from '$lib/format';

export type Status = Shape<'Status'>;
export type Health = Shape<'Health'>;
export type Objective = Shape<'StatusObjective'>;
export type Attention = Shape<'Attention'>;
export type Verdict = 'good' | 'warn' | 'bad' | 'lost';

/** What is known of each of the two questions: the last answer, and whether the newest one failed. */
export interface Known {
  status?: Status | undefined;
  health?: Health | undefined;
  isLost: boolean;
}

/** One word for all of it. What is good to know changes nothing about it. */
export function verdict({ status, health, isLost }: Known): Verdict {
  if (isLost) return 'lost';
  const severities = new Set(status?.attention.map((one) => one.severity));
  const isDown = health?.dependencies.some((one) => !one.up && !one.optional) ?? false;
  if (severities.has('critical') || isDown) return 'bad';
  const isMissed = status?.objectives.some((one) => one.last_5_min.holds === false && isTelling(status, one)) ?? false;
  const isWeak = health?.status !== undefined && health.status !== 'ok';
  return severities.has('warning') || isMissed || isWeak ? 'warn' : 'good';
}

/** Requests of the last five minutes below which one slow answer would stand for all. */
const FEWEST = 100;

/** Whether there was enough traffic for an objective to say something; the processor always does. */
export function isTelling(status: Status, objective: Objective): boolean {
  const answers = status.now.requests_per_s * objective.last_5_min.measured_s;
  return objective.name === 'cpu_percent' || answers >= FEWEST;
}

/** The value of an objective as text: milliseconds or a share. */
export function reachedInWords(name: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (name.endsWith('_ms')) return duration(value);
  return percent(value / 100, value > 0 && value < 10 ? 2 : 0);
}

/** Seconds since 1970 of each point. */
export function times(status: Pick<Status, 'from' | 'step_s'>, count: number): number[] {
  const from = new Date(status.from).getTime() / 1000;
  return Array.from({ length: count }, (_, at) => from + at * status.step_s);
}

/** Requests a second: small rates keep a digit. */
export function rate(value: number): string {
  return number(value, value < 10 ? (value < 1 ? 2 : 1) : 0);
}

/** Of the attention list, what a person has to do something about, and what is only good to know. */
export function split(list: readonly Attention[]): { urgent: Attention[]; rest: Attention[] } {
  return { urgent: list.filter((one) => one.severity !== 'info'), rest: list.filter((one) => one.severity === 'info') };
}
