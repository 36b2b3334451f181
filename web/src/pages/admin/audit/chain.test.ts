import { describe, expect, test } from 'vitest';
import { blake3 } from './blake3';
import { canonical, genesis, hashOf, lines, Walk, type Entry } from './chain';

// From the official test vectors: the input is 0, 1, 2 … 250, 0, 1 …
const vector = (length: number) => Uint8Array.from({ length }, (_, at) => at % 251);

describe('BLAKE3 by its own vectors', () => {
  test.each([
    [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
    [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
    [1023, '10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11'],
    [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
    [1025, 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444'],
    [2048, 'e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a'],
    [3072, 'b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2'],
    [5120, '9cadc15fed8b5d854562b26a9536d9707cadeda9b143978f319ab34230535833'],
  ])('of %i bytes', (length, hash) => expect(blake3(vector(length))).toBe(hash));
});

test('one value has one text', () => {
  expect(canonical({ b: [1, { z: null, é: 1, a: 'é' }], a: 1.5 })).toBe('{"a":1.5,"b":[1,{"a":"é","z":null,"é":1}]}');
});

// Two entries as a real server wrote them.
const WORKSPACE = '00000000000000000000000000';
const REAL: Entry[] = [
  { action: 'auth.set_up', actor: 'user:01M7ZNW2WNSJJJ1M02NZ909QXF', at: '2026-11-21T18:28:35.861Z', detail: null, id: '01M7ZNW2WNT870YEZ9XPSN9HNA', seq: 1, subject: 'user:01M7ZNW2WNSJJJ1M02NZ909QXF', workspace: WORKSPACE, previous: '2bfad1ce6c539993de57dae5352ebca9bc38d220e5afe1080e4c95d4509bb381', hash: '758545d485e22ff6df3e48a0f819f12e0b158813b10c88c100f81f4431a9cf94' },
  { action: 'auth.sign_in', actor: 'user:01M7ZNW2WNSJJJ1M02NZ909QXF', at: '2026-11-21T18:28:37.028Z', detail: { client: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/148.0.0.0 Safari/537.36', kind: 'browser' }, id: '01M7ZNW4142QA6FEHBB1CG46QR', seq: 2, subject: 'session:01M7ZNW414K83Q1HEPK59ABFE6', workspace: WORKSPACE, previous: '758545d485e22ff6df3e48a0f819f12e0b158813b10c88c100f81f4431a9cf94', hash: '4279eeebf523dceffc1cfd036c0ad347db3f1d3e3824108fb7016fa0208e6c74' },
];
const [first, second] = REAL as [Entry, Entry];

test('the entries of a real server hold', () => {
  expect(genesis(WORKSPACE)).toBe(first.previous);
  expect(hashOf(second)).toBe(second.hash);
  const walk = new Walk();
  expect(REAL.every((entry) => walk.step(entry))).toBe(true);
  expect(walk.count).toBe(2);
});

test('what was changed, left out or put in is named', () => {
  const changed = new Walk();
  changed.step(first);
  changed.step({ ...second, actor: 'system' });
  expect(changed.broken?.fault).toBe('hash');
  const missing = new Walk();
  missing.step(second);
  expect(missing.broken?.fault).toBe('number');
  const other = new Walk();
  other.step(first);
  other.step({ ...second, previous: 'ab' });
  expect(other.broken?.fault).toBe('previous');
});

test('a stream is cut into whole lines', () => {
  expect(lines('{"a":1}\n{"b":2}\n{"c"')).toEqual({ whole: ['{"a":1}', '{"b":2}'], rest: '{"c"' });
});
