// Jobs as this page keeps them: newest first, patched by what is told live, and completed by what is asked anew.
import type { Shape } from '$lib/api/client';

export type Job = Shape<'Job'>;
export const STATES = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const;
export type State = (typeof STATES)[number];
/** The kinds that this server's services make, with words of their own: `jobs.kind.<kind>`. */
export const KINDS = ['luna.kit', 'luna.tidy', 'proof.run', 'chassis.drill'] as const;

/** A word as a state; null for what is none. */
export function stateOf(word: string): State | null {
  return STATES.find((one) => one === word) ?? null;
}

/** Whether nothing comes after it. */
export function isEnded(state: string): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

/** Why a job cannot be cancelled or tried again: the words are `jobs.why.<reason>`. */
export function whyNotCancel(job: Pick<Job, 'state' | 'cancel_requested_at'>): 'ended' | 'asked' | null {
  if (isEnded(job.state)) return 'ended';
  return job.cancel_requested_at ? 'asked' : null;
}

/** How long the last attempt took, or takes until now. */
export function took_ms(job: Pick<Job, 'started_at' | 'finished_at' | 'state'>, now: number): number | null {
  if (!job.started_at) return null;
  const end = job.finished_at ? new Date(job.finished_at).getTime() : job.state === 'running' ? now : null;
  const begin = new Date(job.started_at).getTime();
  return end === null || end < begin ? null : end - begin;
}

/** How long it waited before it was begun the last time. */
export function waited_ms(job: Pick<Job, 'created_at' | 'run_at' | 'started_at'>): number | null {
  if (!job.started_at) return null;
  return Math.max(0, new Date(job.started_at).getTime() - Math.max(new Date(job.created_at).getTime(), new Date(job.run_at).getTime()));
}

/** What an event tells of a job. */
export interface Told {
  state?: string;
  progress?: Job['progress'];
}

/** A job with what was told of it. The rest (result, error, times) has to be asked for. */
export function patched(job: Job, told: Told): Job {
  return { ...job, ...(told.state ? { state: told.state } : {}), ...(told.progress ? { progress: told.progress } : {}) };
}

/** Rows with answers laid over them by their ids: what is there is replaced in its place, nothing comes or goes. */
export function refreshed(rows: readonly Job[], fresh: readonly Job[]): Job[] {
  const by = new Map(fresh.map((job) => [job.id, job]));
  return rows.map((row) => newer(row, by.get(row.id)));
}

/** Rows with the list's first page laid over them: what is new stands where it belongs, and what fits no longer is gone. `isWhole`: there is no second page. */
export function merged(rows: readonly Job[], head: readonly Job[], isWhole: boolean): Job[] {
  const known = new Map(rows.map((row) => [row.id, row]));
  // Ids sort by the time of their making, the list by them: behind the head's last row nothing is said.
  const last = head.at(-1)?.id ?? '';
  const rest = isWhole ? [] : rows.filter((row) => row.id < last);
  return [...head.map((job) => newer(job, known.get(job.id))), ...rest];
}

/** How many of these are not among the rows. */
export function unknown(rows: readonly Job[], head: readonly Job[]): number {
  const known = new Set(rows.map((row) => row.id));
  return head.filter((job) => !known.has(job.id)).length;
}

function newer(one: Job, other: Job | undefined): Job {
  return other && other.revision >= one.revision ? other : one;
}

/** Whether a job belongs to what the page shows. */
export function fits(told: { kind?: string; state?: string }, kind: string, state: State | null): boolean {
  return (!kind || told.kind === kind) && (!state || told.state === state);
}
