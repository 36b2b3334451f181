// Numbers, dates and sizes as the reader's language writes them.
import { language } from './language.svelte';

const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

function kept<Kind extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(key: string, make: () => Kind): Kind {
  const whole = `${language.code} ${key}`;
  const known = made.get(whole) as Kind | undefined;
  if (known) return known;
  const fresh = make();
  made.set(whole, fresh);
  return fresh;
}

/** A number with at most `digits` after the point. */
export function number(value: number, digits = 0): string {
  return kept(`n${digits}`, () => new Intl.NumberFormat(language.code, { maximumFractionDigits: digits })).format(value);
}

/** A share of one, as a percentage. */
export function percent(share: number, digits = 0): string {
  return kept(`p${digits}`, () => new Intl.NumberFormat(language.code, { style: 'percent', maximumFractionDigits: digits })).format(share);
}

/** Bytes, in the decimal unit that fits: `12.3 kB`. */
export function bytes(size: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  const power = size < 1 ? 0 : Math.min(Math.floor(Math.log10(size) / 3), units.length - 1);
  // "502 byte" is what the language data says in English.
  if (power === 0) return `${number(size)}\u{a0}${language.code === 'fr' ? 'o' : 'B'}`;
  const unit = units[power] ?? 'kilobyte';
  const format = kept(`b${unit}`, () =>
    new Intl.NumberFormat(language.code, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 }),
  );
  return format.format(size / 1000 ** power);
}

/** A duration in milliseconds, in words as short as they are clear: `340 µs`, `12 ms`, `1.2 s`, `3 min 4 s`, `2 h 5 min`, `4 d 3 h`. */
export function duration(ms: number): string {
  if (ms < 1) return `${number(ms * 1000)} µs`;
  if (ms < 10) return `${number(ms, 1)} ms`;
  if (ms < 1000) return `${number(ms)} ms`;
  if (ms < 10_000) return `${number(ms / 1000, 1)} s`;
  const seconds = Math.round(ms / 1000);
  const day = language.code === 'fr' ? 'j' : 'd';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${number(Math.floor(seconds / 86_400))} ${day} ${Math.floor((seconds % 86_400) / 3600)} h`;
}

type Moment = string | number | Date;

/** Day and time: `21 Nov 2026, 18:03`. */
export function moment(at: Moment): string {
  return kept('m', () => new Intl.DateTimeFormat(language.code === 'fr' ? 'fr' : 'en-GB', { dateStyle: 'medium', timeStyle: 'short' })).format(new Date(at));
}

/** Time with seconds: `18:03:12`. */
export function clock(at: Moment): string {
  return kept('c', () => new Intl.DateTimeFormat(language.code === 'fr' ? 'fr' : 'en-GB', { timeStyle: 'medium' })).format(new Date(at));
}

/** Day, time and seconds, with the zone: for a tooltip, where the last doubt ends. */
export function exact(at: Moment): string {
  return kept('x', () => new Intl.DateTimeFormat(language.code === 'fr' ? 'fr' : 'en-GB', { dateStyle: 'full', timeStyle: 'long' })).format(new Date(at));
}

/** `3 minutes ago`, `in 2 days`. */
export function ago(at: Moment, now: number = Date.now()): string {
  const format = kept('r', () => new Intl.RelativeTimeFormat(language.code, { numeric: 'auto' }));
  const seconds = (new Date(at).getTime() - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return format.format(0, 'second');
  if (size < 2700) return format.format(Math.round(seconds / 60), 'minute');
  if (size < 79_200) return format.format(Math.round(seconds / 3600), 'hour');
  if (size < 2_160_000) return format.format(Math.round(seconds / 86_400), 'day');
  if (size < 28_000_000) return format.format(Math.round(seconds / 2_592_000), 'month');
  return format.format(Math.round(seconds / 31_536_000), 'year');
}
