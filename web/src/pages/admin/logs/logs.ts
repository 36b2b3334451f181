// Lines of the log: what they are about in one line, and where what they name leads.
import type { Shape } from '$lib/api/client';

/** The document says of the fields only that they are an object. */
export type Line = Omit<Shape<'LogLine'>, 'fields'> & { fields: Record<string, unknown> };
export type Lines = Omit<Shape<'LogLines'>, 'items'> & { items: Line[] };
export const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type Level = (typeof LEVELS)[number];
export type Shown = 'ERROR' | 'WARN' | 'INFO' | 'DEBUG' | 'TRACE';

/** The server keeps so many lines. */
export const MOST_LINES = 5000;
const OWN_ROUTE = '/api/v1/logs';
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** The level of the address; none where it says none that there is. */
export function levelOf(text: string): Level | null {
  return LEVELS.find((one) => one === text) ?? null;
}

/** Whether a line says no more than that this very log was read. */
export function isOwn(line: Line): boolean {
  return line.target === 'access' && line.fields['http.route'] === OWN_ROUTE && line.level !== 'ERROR';
}

/** Whether a text is the id of a request (or of anything else that has one). */
export function isId(text: string): boolean {
  return ULID.test(text);
}

/** A request's line, taken apart. */
export interface Asked {
  method: string;
  path: string;
  status: number;
  duration_us: number | undefined;
  size_bytes: number | undefined;
}

/** What a line of the access log is about; nothing for other lines. */
export function askedOf(line: Line): Asked | undefined {
  const { fields } = line;
  const [method, path, status] = [fields['http.method'], fields['http.path'] ?? fields['http.route'], fields['http.status_code']];
  if (line.target !== 'access' || typeof method !== 'string' || typeof path !== 'string' || typeof status !== 'number') return undefined;
  const figure = (name: string) => (typeof fields[name] === 'number' ? (fields[name] as number) : undefined);
  return { method, path, status, duration_us: figure('duration_us'), size_bytes: figure('size_bytes') };
}

/** A field as a short text. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value) ?? '';
}

/** The fields of a line that a row has room for, as `name=value`. */
export function gist(line: Line): string {
  return Object.entries(line.fields).map(([name, value]) => `${name}=${text(value)}`).join('  ');
}

/** Where what a field names is seen; nothing where there is no page for it. */
export function placeOf(name: string, value: unknown): string | undefined {
  if (typeof value !== 'string' || !isId(value)) return undefined;
  if (/^user\.(id)?$|^(user|actor)\.id$/.test(name)) return `/admin/people?selected=${value}`;
  if (name === 'key.id') return `/admin/keys?selected=${value}`;
  return name === 'job.id' ? `/admin/jobs?selected=${value}` : undefined;
}

/** The cursor before which the line with this id is the newest. */
export function cursorAt(id: string): string | undefined {
  return /^\d{16,20}$/.test(id) ? String(BigInt(id) + 1n).padStart(id.length, '0') : undefined;
}

/** Lines as JSON, one a line, the oldest first: as the server writes its log. */
export function asJson(lines: readonly Line[]): string {
  return [...lines].reverse().map((line) => JSON.stringify(line)).join('\n');
}

/** `newer` (the oldest first) put before `rows` (the newest first), each line once, no more than `most`. */
export function joined(rows: readonly Line[], newer: readonly Line[], most: number): Line[] {
  const head = rows[0]?.id ?? '';
  const fresh = newer.filter((line) => isAfter(line.id, head)).reverse();
  return fresh.length ? [...fresh, ...rows].slice(0, most) : rows.slice(0, most);
}

/** Whether an id is of a later line. Ids are digits without sign that grow, also in length. */
export function isAfter(id: string, other: string): boolean {
  return id.length === other.length ? id > other : id.length > other.length;
}

/** Time of day with thousandths, in the reader's own zone. */
export function timeOf(at: string): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** The day of a moment in the reader's own zone, as month and day. */
export function dayOf(at: string | number): string {
  const date = new Date(at);
  return `${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;
}

/** A text cut where `sought` stands in it, in whatever case. */
export function marked(whole: string, sought: string): { text: string; isHit: boolean }[] {
  if (!sought) return [{ text: whole, isHit: false }];
  const [low, needle] = [whole.toLowerCase(), sought.toLowerCase()];
  // Letters that change their length in lower case would shift the cuts.
  if (low.length !== whole.length) return [{ text: whole, isHit: false }];
  const parts: { text: string; isHit: boolean }[] = [];
  let from = 0;
  for (let at = low.indexOf(needle); at >= 0; at = low.indexOf(needle, from)) {
    if (at > from) parts.push({ text: whole.slice(from, at), isHit: false });
    parts.push({ text: whole.slice(at, at + needle.length), isHit: true });
    from = at + needle.length;
  }
  if (from < whole.length) parts.push({ text: whole.slice(from), isHit: false });
  return parts;
}
