// Which checks a run is asked for: in the address and to the server as names of areas and checks, on the page as a set of checks.
import type { Check } from './standing';

/** Nothing at all, as it stands in the address; an empty value there is everything. */
const NOTHING = 'none';

/** The checks that names stand for: of areas, of checks; without names, all. */
export function chosen(only: string, checks: readonly Check[]): Set<string> {
  const names = new Set(only.split(',').filter(Boolean));
  const fits = names.size === 0 ? checks : checks.filter((check) => names.has(check.id) || names.has(check.area));
  return new Set(fits.map((check) => check.id));
}

/** The fewest names for a set of checks: none where it is all of them, the area's where it is a whole area. */
export function names(ids: ReadonlySet<string>, checks: readonly Check[]): string[] {
  if (checks.every((check) => ids.has(check.id))) return [];
  const found: string[] = [];
  for (const area of new Set(checks.map((check) => check.area))) {
    const of = checks.filter((check) => check.area === area);
    const taken = of.filter((check) => ids.has(check.id));
    if (taken.length === of.length) found.push(area);
    else found.push(...taken.map((check) => check.id));
  }
  return found;
}

/** The same as a value of the address. */
export function inAddress(ids: ReadonlySet<string>, checks: readonly Check[]): string {
  return ids.size === 0 ? NOTHING : names(ids, checks).join(',');
}

export interface Step {
  done: number;
  total: number | null;
  /** The check that runs, where the server names it. */
  current: string | undefined;
  note: string;
}

/** How far a run is, from its job. The note names a check; a word of a verdict before it says that it has ended. */
export function step(progress: { done: number; total?: number | null; note?: string | null } | null | undefined, ids: readonly string[]): Step | undefined {
  if (!progress) return undefined;
  const note = progress.note ?? '';
  const named = ids.find((id) => note.split(/\s+/).includes(id));
  const hasEnded = named !== undefined && !note.trimStart().startsWith(named);
  return { done: progress.done, total: progress.total ?? null, current: hasEnded ? undefined : named, note };
}
