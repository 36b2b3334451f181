// Other seeds to choose from: for one name always the same ones, for another name others, and never two alike.

/** How many stand on one sheet: with the name's own two rows of twelve. */
export const SHEET = 23;
const END = 100_000;

/** FNV-1a: any text as 32 bits. */
function mixed(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** The seeds of a sheet: numbers that one can say and write down. Their order is a walk over all numbers below 100,000 that
 *  meets each once, because its step shares no factor with them. */
export function sheet(name: string, page: number): string[] {
  const begin = mixed(name) % END;
  const step = 10 * (mixed(`${name} step`) % (END / 10)) + 7;
  return Array.from({ length: SHEET }, (_, at) => String((begin + (page * SHEET + at) * step) % END));
}

/** Any seed. */
export function dice(): string {
  const [bits = 0] = crypto.getRandomValues(new Uint32Array(1));
  return String(bits);
}
