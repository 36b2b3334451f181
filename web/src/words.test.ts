// The two catalogues of each page hold the same keys with the same blanks, and each key that a page says is there.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(process.cwd(), 'src');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
const folders = files.filter((path) => path.endsWith('/en.json')).map(dirname);
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const catalogue = (folder: string, code: string) => JSON.parse(read(`${folder}/${code}.json`)) as Record<string, string>;
const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();

describe.each(folders)('%s', (folder) => {
  const [en, fr] = [catalogue(folder, 'en'), catalogue(folder, 'fr')];

  test('french_and_english_have_the_same_keys', () => {
    expect(Object.keys(fr).sort()).toEqual(Object.keys(en).sort());
  });

  test('french_and_english_leave_the_same_blanks', () => {
    for (const key of Object.keys(en)) expect(blanks(fr[key] ?? ''), key).toEqual(blanks(en[key] ?? ''));
  });

  test('nothing_is_left_empty', () => {
    for (const texts of [en, fr]) for (const [key, text] of Object.entries(texts)) expect(text.trim(), key).not.toBe('');
  });

  test('french_signs_stand_after_a_space_that_does_not_break', () => {
    for (const [key, text] of Object.entries(fr)) expect(text, key).not.toMatch(/\p{L}[;?!»]|\p{L} [:;?!»]|« /u);
  });
});

test('every_key_that_is_said_is_there', () => {
  const shared = catalogue('messages', 'en');
  const missing: string[] = [];
  for (const path of files.filter((one) => /\.(svelte|ts)$/.test(one) && !one.endsWith('.test.ts'))) {
    const folder = folders.filter((one) => path.startsWith(`${one}/`)).sort((a, b) => b.length - a.length)[0];
    const own = folder ? { ...shared, ...catalogue(folder, 'en') } : shared;
    const text = read(path);
    for (const [, key] of text.matchAll(/\bsay\(\s*'([\w.-]+)'/g)) if (key && !(key in own)) missing.push(`${path}: ${key}`);
    for (const [, key] of text.matchAll(/\bcount\(\s*'([\w.-]+)'/g)) {
      for (const rule of ['one', 'other']) if (!(`${key}.${rule}` in own)) missing.push(`${path}: ${key}.${rule}`);
    }
  }
  expect(missing).toEqual([]);
});
