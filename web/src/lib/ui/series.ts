// What a plot needs beside its drawing: which points stand alone, and what is said to who cannot see it.

/** One line of a plot; null is a gap. */
export interface Line {
  label: string;
  values: readonly (number | null | undefined)[];
  /** Which of the plot colours; its place in the list where left out. */
  color?: 1 | 2 | 3 | 4;
}

/** The places of values with a gap on both sides: a line would not show them. */
export function lone(values: readonly (number | null | undefined)[]): number[] {
  const is = (at: number) => values[at] !== null && values[at] !== undefined;
  return values.flatMap((_, at) => (is(at) && !is(at - 1) && !is(at + 1) ? [at] : []));
}

/** The last value that is there, and the least and most of all. */
export function bounds(values: readonly (number | null | undefined)[]): { last: number; least: number; most: number } | undefined {
  let found: { last: number; least: number; most: number } | undefined;
  for (const value of values) {
    if (value === null || value === undefined) continue;
    found = { last: value, least: Math.min(found?.least ?? value, value), most: Math.max(found?.most ?? value, value) };
  }
  return found;
}

/** A plot in words: `p95: 12 ms (3 ms – 40 ms)`, a part for each line. */
export function inWords(lines: readonly Line[], format: (value: number) => string): string {
  const parts = lines.map((line) => {
    const seen = bounds(line.values);
    return seen ? `${line.label}: ${format(seen.last)} (${format(seen.least)} – ${format(seen.most)})` : `${line.label}: –`;
  });
  return parts.join('; ');
}
