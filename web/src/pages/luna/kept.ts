// What was kept, as the lists show it.

/** The address of a small picture of a kept one: the mark alone, as SVG, which every browser shows, at rest. */
export function thumbnail(picture: string, size: number): string {
  return seen(picture, { size: String(size), lockup: null, animated: null, ground: null });
}

/** The same picture as SVG, whatever file was kept, with other values in its address. */
export function seen(picture: string, values: Record<string, string | null>): string {
  const [path = '', query = ''] = picture.split('?');
  const said = new URLSearchParams(query);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) said.delete(name);
    else said.set(name, value);
  }
  return `${path.replace(/\.\w+$/, '.svg')}?${said}`;
}

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Of an id (ULID): so many letters of milliseconds, then so many of chance. */
const MOMENT_LETTERS = 10;
const REST_LETTERS = 16;

/** The id that follows an id in their order: lists give what stands before a cursor, so that this cursor gives the row itself. */
export function following(id: string): string {
  const letters = [...id];
  for (let at = letters.length - 1; at >= 0; at -= 1) {
    const next = LETTERS.indexOf(letters[at] ?? '') + 1;
    letters[at] = LETTERS[next % LETTERS.length] ?? '0';
    if (next < LETTERS.length) break;
  }
  return letters.join('');
}

/** The first id of a moment: a list from this cursor holds what is older. */
export function cursorAt(unix_ms: number): string {
  let left = Math.max(0, Math.floor(unix_ms));
  let moment = '';
  for (let at = 0; at < MOMENT_LETTERS; at += 1) {
    moment = (LETTERS[left % 32] ?? '0') + moment;
    left = Math.floor(left / 32);
  }
  return moment + '0'.repeat(REST_LETTERS);
}

/** How many tiles of a width fit beside each other, and how many rows that makes. */
export function tiling(width: number, least: number, gap: number, count: number): { columns: number; rows: number } {
  const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
  return { columns, rows: Math.ceil(count / columns) };
}
