// Quiet hours as the API has them: `22:00-07:00+02:00`, a span of every day and the distance to UTC.

export interface Quiet {
  from: string;
  until: string;
  /** Minutes that the person's clock is ahead of UTC. */
  offset: number;
}

/** Reads them; undefined where there are none. */
export function readQuiet(text: string | null | undefined): Quiet | undefined {
  const parts = /^(\d\d:\d\d)-(\d\d:\d\d)([+-])(\d\d):(\d\d)$/.exec(text ?? '');
  if (!parts) return undefined;
  const [, from = '', until = '', sign, hours, minutes] = parts;
  return { from, until, offset: (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) };
}

/** Writes them. */
export function writeQuiet(quiet: Quiet): string {
  return `${quiet.from}-${quiet.until}${writeOffset(quiet.offset)}`;
}

/** `+02:00`. */
export function writeOffset(offset: number): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const size = Math.abs(offset);
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** The distance of this browser's clock to UTC, now. */
export function ownOffset(now = new Date()): number {
  return -now.getTimezoneOffset();
}

/** The distances that clocks on earth have, with the one that is in force. */
export function offsets(chosen: number): number[] {
  const all = new Set([chosen, ownOffset()]);
  for (let hours = -12; hours <= 14; hours += 1) all.add(hours * 60);
  for (const odd of [-570, -210, 210, 270, 330, 345, 390, 525, 570, 630, 765]) all.add(odd);
  return [...all].sort((a, b) => a - b);
}
