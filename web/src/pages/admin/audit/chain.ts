// The chain of the audit, checked where one reads it: docs/operate/audit.md has the recipe.
import type { Shape } from '$lib/api/client';
import { blake3 } from './blake3';

export type Entry = Shape<'Chained'>;

const encoder = new TextEncoder();

/** Compares names by their bytes in UTF-8, which is by code point; JavaScript's own order is by UTF-16 unit. */
function byBytes(one: string, other: string): number {
  const [a, b] = [[...one], [...other]];
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const difference = (a[at]?.codePointAt(0) ?? 0) - (b[at]?.codePointAt(0) ?? 0);
    if (difference) return difference;
  }
  return a.length - b.length;
}

/** JSON without spaces, the names of each object in the order of their bytes: one text for one value. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const object = value as Record<string, unknown>;
  const names = Object.keys(object).sort(byBytes);
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(object[name])}`).join(',')}}`;
}

/** The hash that an entry must have after the one before. */
export function hashOf(entry: Entry): string {
  const { previous, hash: _, ...link } = entry;
  return blake3(encoder.encode(previous + canonical(link)));
}

/** What the first entry holds as the hash before it. */
export function genesis(workspace: string): string {
  return blake3(encoder.encode(`aplomb audit ${workspace}`));
}

/** How a link can fail; the words are `audit.broken.<kind>`. */
export type Fault = 'hash' | 'previous' | 'number';

/** Checks entries one after the other, from the first on. */
export class Walk {
  /** Entries that hold. */
  count = 0;
  /** The hash of the last one that holds. */
  last = '';
  /** The first that does not hold. */
  broken: { entry: Entry; fault: Fault } | undefined;

  /** Takes the next entry; false where it does not hold. */
  step(entry: Entry): boolean {
    const before = this.count === 0 ? genesis(entry.workspace) : this.last;
    const fault: Fault | undefined = entry.seq !== this.count + 1 ? 'number' : entry.previous !== before ? 'previous' : hashOf(entry) !== entry.hash ? 'hash' : undefined;
    if (fault) {
      this.broken = { entry, fault };
      return false;
    }
    this.count += 1;
    this.last = entry.hash;
    return true;
  }
}

/** Splits text into whole lines; the rest is the beginning of the next one. */
export function lines(text: string): { whole: string[]; rest: string } {
  const parts = text.split('\n');
  const rest = parts.pop() ?? '';
  return { whole: parts.filter((line) => line !== ''), rest };
}
