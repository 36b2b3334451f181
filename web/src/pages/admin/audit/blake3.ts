// BLAKE3 (the paper of 2020, section 2; plain hash mode), for the check of the audit's chain in the browser: WebCrypto has none.
const IV = Uint32Array.of(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19);
const CHUNK_START = 1;
const CHUNK_END = 2;
const PARENT = 4;
const ROOT = 8;
const BLOCK = 64;
const CHUNK = 1024;
/** The order of the message words in each of the seven rounds: the permutation of the paper's table 2, applied again and again. */
const ORDER = orders();

function orders(): Uint8Array {
  const permutation = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
  const all = new Uint8Array(7 * 16);
  for (let at = 0; at < 16; at += 1) all[at] = at;
  for (let round = 1; round < 7; round += 1) for (let at = 0; at < 16; at += 1) all[round * 16 + at] = all[(round - 1) * 16 + permutation[at]!]!;
  return all;
}

const v = new Uint32Array(16);

function g(a: number, b: number, c: number, d: number, x: number, y: number): void {
  let [va, vb, vc, vd] = [v[a]!, v[b]!, v[c]!, v[d]!];
  va = (va + vb + x) | 0;
  vd ^= va;
  vd = (vd >>> 16) | (vd << 16);
  vc = (vc + vd) | 0;
  vb ^= vc;
  vb = (vb >>> 12) | (vb << 20);
  va = (va + vb + y) | 0;
  vd ^= va;
  vd = (vd >>> 8) | (vd << 24);
  vc = (vc + vd) | 0;
  vb ^= vc;
  vb = (vb >>> 7) | (vb << 25);
  v[a] = va;
  v[b] = vb;
  v[c] = vc;
  v[d] = vd;
}

/** Compresses a block into `value`. The counter stays below 2³² chunks (four terabytes). */
function compress(value: Uint32Array, words: Uint32Array, counter: number, length: number, flags: number): void {
  v.set(value);
  v.set(IV.subarray(0, 4), 8);
  v[12] = counter;
  v[13] = 0;
  v[14] = length;
  v[15] = flags;
  for (let round = 0; round < 7; round += 1) {
    const m = (at: number) => words[ORDER[round * 16 + at]!]!;
    g(0, 4, 8, 12, m(0), m(1));
    g(1, 5, 9, 13, m(2), m(3));
    g(2, 6, 10, 14, m(4), m(5));
    g(3, 7, 11, 15, m(6), m(7));
    g(0, 5, 10, 15, m(8), m(9));
    g(1, 6, 11, 12, m(10), m(11));
    g(2, 7, 8, 13, m(12), m(13));
    g(3, 4, 9, 14, m(14), m(15));
  }
  for (let at = 0; at < 8; at += 1) value[at] = v[at]! ^ v[at + 8]!;
}

function wordsOf(bytes: Uint8Array, begin: number, end: number): Uint32Array {
  const words = new Uint32Array(16);
  for (let at = begin; at < end; at += 1) words[(at - begin) >> 2]! |= bytes[at]! << (8 * ((at - begin) & 3));
  return words;
}

/** The value of one chunk; as the root where it is the only one. */
function chunk(bytes: Uint8Array, begin: number, end: number, counter: number, isRoot: boolean): Uint32Array {
  const value = IV.slice();
  let at = begin;
  do {
    const stop = Math.min(at + BLOCK, end);
    const isLast = stop === end;
    const flags = (at === begin ? CHUNK_START : 0) | (isLast ? CHUNK_END | (isRoot ? ROOT : 0) : 0);
    compress(value, wordsOf(bytes, at, stop), counter, stop - at, flags);
    at = stop;
  } while (at < end);
  return value;
}

/** The tree over some chunks: the left side takes the greatest power of two that leaves something to the right. */
function tree(bytes: Uint8Array, begin: number, end: number, counter: number, isRoot: boolean): Uint32Array {
  const chunks = Math.max(1, Math.ceil((end - begin) / CHUNK));
  if (chunks === 1) return chunk(bytes, begin, end, counter, isRoot);
  const left = 2 ** Math.floor(Math.log2(chunks - 1));
  const middle = begin + left * CHUNK;
  const words = new Uint32Array(16);
  words.set(tree(bytes, begin, middle, counter, false));
  words.set(tree(bytes, middle, end, counter + left, false), 8);
  const value = IV.slice();
  compress(value, words, 0, BLOCK, PARENT | (isRoot ? ROOT : 0));
  return value;
}

/** The hash of bytes, in hexadecimal. */
export function blake3(bytes: Uint8Array): string {
  const value = tree(bytes, 0, bytes.length, 0, true);
  let text = '';
  for (const word of value) for (let byte = 0; byte < 4; byte += 1) text += ((word >>> (8 * byte)) & 255).toString(16).padStart(2, '0');
  return text;
}
