// How much of the history would go, counted before it does: the lists are in the order of time, and an id begins with its moment.
import { api, ask, type Shape } from '$lib/api/client';
import { cursorAt } from '../kept';

/** What goes: marks and kits, or `undefined` where there are more than one page of them. */
export interface Clearing {
  marks: number | undefined;
  kits: number | undefined;
}

/** The longest page that the lists give; beyond it a number is not counted out. */
export const MOST = 200;
const DAY_MS = 86_400_000;

/** Rows of a page, or `undefined` where another page follows. */
const counted = (page: { items: unknown[]; next?: string | null }): number | undefined => (page.next ? undefined : page.items.length);

async function marksBefore(unix_ms: number, stats: Shape<'Stats'>, signal: AbortSignal): Promise<number | undefined> {
  if (!stats.first_at || Date.parse(stats.first_at) >= unix_ms) return 0;
  if (stats.last_at && Date.parse(stats.last_at) < unix_ms) return stats.total;
  return counted(await ask(api.GET('/api/v1/luna/generations', { params: { query: { limit: MOST, cursor: cursorAt(unix_ms) } }, signal })));
}

/** What is from before a moment. */
export async function olderThan(unix_ms: number, stats: Shape<'Stats'>, signal: AbortSignal): Promise<Clearing> {
  const query = { limit: MOST, cursor: cursorAt(unix_ms) };
  const [marks, kits] = await Promise.all([
    marksBefore(unix_ms, stats, signal),
    stats.kits ? ask(api.GET('/api/v1/luna/kits', { params: { query }, signal })).then(counted) : 0,
  ]);
  return { marks, kits };
}

/** What the configuration keeps no longer: marks beyond their days, or beyond the newest so many, whichever reaches further. */
export async function keptNoLonger(now_ms: number, stats: Shape<'Stats'>, signal: AbortSignal): Promise<Clearing> {
  const beyond = stats.kept_marks ? Math.max(0, stats.total - stats.kept_marks) : 0;
  const old = stats.kept_days ? await marksBefore(now_ms - stats.kept_days * DAY_MS, stats, signal) : 0;
  return { marks: old === undefined ? undefined : Math.max(old, beyond), kits: 0 };
}
