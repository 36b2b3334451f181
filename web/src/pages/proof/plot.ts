// Samples as a drawing: scales, ticks and paths, in CSS pixels.
import type { Shape } from '$lib/api/client';

export type Series = Shape<'Series'>;
export type Point = readonly [number, number];

export interface Scale {
  /** From a value to its place. */
  at: (value: number) => number;
  ticks: number[];
}

/** About `wanted` round numbers that cover a range. */
export function ticks(least: number, most: number, wanted: number): number[] {
  const span = most - least || Math.abs(most) || 1;
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const found: number[] = [];
  for (let at = Math.floor(least / step + 1e-9); at <= Math.ceil(most / step - 1e-9); at += 1) found.push(Number((at * step).toPrecision(12)));
  return found;
}

/** A linear scale whose ends are ticks. */
export function linear(least: number, most: number, from: number, to: number, wanted: number): Scale {
  const found = ticks(least, most, wanted);
  const [low, high] = [found[0] ?? 0, found.at(-1) ?? 1];
  return { at: (value) => from + ((value - low) / (high - low || 1)) * (to - from), ticks: found };
}

/** The last quantile that has a place of its own. */
const LAST_QUANTILE = 0.9999;
const nines = (quantile: number) => -Math.log10(1 - Math.min(quantile, LAST_QUANTILE));

/** A scale of quantiles: each further nine has the same room, since it is the tail that one looks for. */
export function quantiles(from: number, to: number): Scale {
  const all = nines(LAST_QUANTILE);
  return { at: (value) => from + (nines(Math.max(0, value)) / all) * (to - from), ticks: [0, 0.5, 0.9, 0.99, 0.999, LAST_QUANTILE] };
}

/** The range of some values; a range of one value begins at zero. */
export function range(values: readonly number[]): [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return Number.isFinite(least) ? [least, most] : [0, 1];
}

/** At most `most` points that keep the outline: of each stretch the lowest and the highest. */
export function thinned(points: readonly Point[], most: number): readonly Point[] {
  if (points.length <= most) return points;
  const size = Math.ceil(points.length / (most / 2));
  const kept: Point[] = [];
  for (let at = 0; at < points.length; at += size) {
    const part = points.slice(at, at + size);
    let [low, high] = [part[0] as Point, part[0] as Point];
    for (const point of part) {
      if (point[1] < low[1]) low = point;
      if (point[1] > high[1]) high = point;
    }
    kept.push(...(low[0] <= high[0] ? [low, high] : [high, low]));
  }
  return kept;
}

/** A joined line. */
export function line(points: readonly Point[], x: Scale, y: Scale): string {
  return points.map(([a, b], at) => `${at ? 'L' : 'M'}${x.at(a).toFixed(1)} ${y.at(b).toFixed(1)}`).join('');
}

export interface Summary {
  count: number;
  least: number;
  median: number;
  most: number;
}

/** What some samples come to. */
export function summary(points: readonly Point[]): Summary | undefined {
  if (!points.length) return undefined;
  const values = points.map((point) => point[1]).sort((a, b) => a - b);
  const middle = values.length >> 1;
  const median = values.length % 2 ? (values[middle] as number) : ((values[middle - 1] as number) + (values[middle] as number)) / 2;
  return { count: values.length, least: values[0] as number, median, most: values.at(-1) as number };
}

/** The figure by which a series is compared with another run's: of a distribution its 99th percentile, else the median. */
export function telling(series: Series): number | undefined {
  if (series.shape === 'quantiles') return nearest(series.points, 0.99)?.[1];
  return summary(series.points)?.median;
}

/** The point nearest to a first coordinate. */
export function nearest(points: readonly Point[], x: number): Point | undefined {
  let best: Point | undefined;
  for (const point of points) if (!best || Math.abs(point[0] - x) < Math.abs(best[0] - x)) best = point;
  return best;
}

/** Series that belong into one drawing: distributions of the same units; everything else stands alone. */
export function grouped(all: readonly Series[]): Series[][] {
  const groups: Series[][] = [];
  for (const one of all) {
    if (!one.points.length) continue;
    const fits = groups.find((group) => group[0]?.shape === 'quantiles' && one.shape === 'quantiles' && group[0].unit_y === one.unit_y && group.length < 4);
    if (fits) fits.push(one);
    else groups.push([one]);
  }
  return groups;
}

/** Digits after the point that three telling ones need. */
export function digits(value: number): number {
  const size = Math.abs(value);
  if (size === 0 || size >= 100) return 0;
  return Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(size))));
}
