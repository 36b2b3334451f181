// What evidence is worth at a moment. The same rules as the server's own (crates/readiness/src/report/score.rs), so that the page can say
// what a record comes to today, after some of its evidence has grown old.
import type { Shape } from '$lib/api/client';

export type Report = Shape<'ProofReport'>;
export type Evidence = Shape<'Evidence'>;
export type Check = Shape<'CheckShown'>;
export type Line = Shape<'ProofLine'>;

/** In the order in which a reader has to see them. */
export const STANDINGS = ['failed', 'expired', 'not_verifiable', 'skipped', 'passed'] as const;
export type Standing = (typeof STANDINGS)[number];
export type Outcome = 'ready' | 'not_ready' | 'undecided';

/** The areas, in the order of the report. */
export const AREAS = ['access', 'surface', 'limits', 'durability', 'recovery', 'load', 'degradation', 'observability', 'release', 'privacy', 'supply', 'models'] as const;
export type Area = (typeof AREAS)[number];

/** Whether a name is that of an area. */
export function isArea(name: string): name is Area {
  return (AREAS as readonly string[]).includes(name);
}

/** What a piece of evidence is worth at a moment. */
export function standingAt(one: Evidence, now: number): Standing {
  if (one.verdict === 'fail') return 'failed';
  if (one.verdict === 'not_verifiable') return 'not_verifiable';
  if (one.verdict === 'skipped') return 'skipped';
  // A date that cannot be read is no date in the future.
  return Date.parse(one.expires_at) > now ? 'passed' : 'expired';
}

/** 0 to 100, to a tenth; null where nothing was verified. */
export function scoreAt(evidence: readonly Evidence[], now: number): number | null {
  let passed = 0;
  let all = 0;
  for (const one of evidence) {
    const standing = standingAt(one, now);
    if (standing === 'passed') passed += one.weight;
    if (standing === 'passed' || standing === 'failed' || standing === 'expired') all += one.weight;
  }
  return all > 0 ? Math.round((passed * 1000) / all) / 10 : null;
}

/** What all of it comes to, in a word. */
export function outcomeAt(evidence: readonly Evidence[], now: number): Outcome {
  const required = new Set(evidence.filter((one) => one.is_required).map((one) => standingAt(one, now)));
  if (required.has('failed') || required.has('expired')) return 'not_ready';
  return required.has('passed') && !required.has('skipped') ? 'ready' : 'undecided';
}

/** Whether a record shows some checks and leaves others out: then there is nothing to say of the whole. */
export function isPartial(evidence: readonly Evidence[]): boolean {
  return evidence.some((one) => one.verdict === 'skipped');
}

/** The same of a line of the list, as far as it says: what failed may not have been required. */
export function outcomeOf(line: Line): Outcome {
  return line.is_ready ? 'ready' : line.failed > 0 ? 'not_ready' : 'undecided';
}

/** Whether a line is of a run of some checks: nothing required failed, and yet the whole is not shown. */
export function isPartialLine(line: Line): boolean {
  return outcomeOf(line) === 'undecided';
}

export type Tally = Record<Standing, number>;

/** How many have which standing. */
export function tally(evidence: readonly Evidence[], now: number): Tally {
  const counts: Tally = { failed: 0, expired: 0, not_verifiable: 0, skipped: 0, passed: 0 };
  for (const one of evidence) counts[standingAt(one, now)] += 1;
  return counts;
}

/** Whether a piece of evidence was measured by an earlier run than the one whose record holds it. */
export function isEarlier(record: Report, one: Evidence): boolean {
  // Both are of the one form whose texts sort as the moments do.
  return one.verdict !== 'skipped' && one.ended_at < record.started_at;
}

/** How long a check took, in milliseconds. */
export function took(one: { started_at: string; ended_at: string }): number {
  return Math.max(0, Date.parse(one.ended_at) - Date.parse(one.started_at));
}

/** The id of a record that began at a moment: the moment without what some file systems refuse. */
export function idOf(startedAt: string): string {
  return startedAt.replace(/[:.]/g, '-');
}

/** The first evidence to grow old, of what passed. */
export function nextToExpire(evidence: readonly Evidence[], now: number): Evidence | undefined {
  const standing = evidence.filter((one) => standingAt(one, now) === 'passed');
  return standing.sort((a, b) => a.expires_at.localeCompare(b.expires_at))[0];
}

export interface Change {
  id: string;
  before: Standing;
  now: Evidence;
  standing: Standing;
  /** Whether it is one for the better. */
  isBetter: boolean;
}

const RANK: Record<Standing, number> = { failed: 0, expired: 1, not_verifiable: 2, skipped: 2, passed: 3 };

/** Checks whose standing is another than in the record before, worse ones first. Each record speaks of the moment of its end. */
export function changes(record: Report, before: Report): Change[] {
  const at = Date.parse(record.ended_at);
  const beforeAt = Date.parse(before.ended_at);
  const old = new Map(before.evidence.map((one) => [one.id, one]));
  const found: Change[] = [];
  for (const one of record.evidence) {
    const known = old.get(one.id);
    if (!known || isEarlier(record, one)) continue;
    const [was, is] = [standingAt(known, beforeAt), standingAt(one, at)];
    if (was !== is) found.push({ id: one.id, before: was, now: one, standing: is, isBetter: RANK[is] > RANK[was] });
  }
  return found.sort((a, b) => Number(a.isBetter) - Number(b.isBetter));
}

interface Bilingual {
  title: string;
  title_fr: string;
  measured: string;
  measured_fr: string;
  required: string;
  required_fr: string;
}

/** The claim, in a language. */
export const titleOf = (one: Bilingual, code: string): string => (code === 'fr' ? one.title_fr : one.title);
/** What was measured, in a language. */
export const measuredOf = (one: Bilingual, code: string): string => (code === 'fr' ? one.measured_fr : one.measured);
/** What is required, in a language. */
export const requiredOf = (one: Bilingual, code: string): string => (code === 'fr' ? one.required_fr : one.required);

export interface Piece {
  text: string;
  isOther: boolean;
}

/** A measurement beside an earlier one: words that differ are marked, where both are of the same build. */
export function beside(text: string, other: string): Piece[] {
  const [one, two] = [text.split(/(\s+)/), other.split(/(\s+)/)];
  if (one.length !== two.length) return [{ text, isOther: false }];
  const pieces: Piece[] = [];
  for (const [at, word] of one.entries()) {
    const isOther = word !== two[at];
    const last = pieces.at(-1);
    if (last && last.isOther === isOther) last.text += word;
    else pieces.push({ text: word, isOther });
  }
  return pieces;
}

/** Whether a text is commands alone: prose marks its commands by backticks. */
export function isCommands(text: string): boolean {
  return !text.includes('`');
}

/** Commands one below the other. A semicolon that a loop needs stays. */
export function commandLines(text: string): string {
  return ['; do', '; done', '; then', "'"].some((part) => text.includes(part)) ? text : text.replaceAll('; ', '\n');
}

/** Prose, with what stands between backticks apart. */
export function inline(text: string): { text: string; isCode: boolean }[] {
  return text.split('`').map((part, at) => ({ text: part, isCode: at % 2 === 1 })).filter((part) => part.text !== '');
}
