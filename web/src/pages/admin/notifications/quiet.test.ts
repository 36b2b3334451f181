import { expect, test } from 'vitest';
import { offsets, readQuiet, writeOffset, writeQuiet } from './quiet';

test.each(['22:00-07:00+02:00', '23:30-06:15-03:30', '12:00-13:00+00:00'])('%s comes back as it was', (text) => {
  const quiet = readQuiet(text);
  expect(quiet && writeQuiet(quiet)).toBe(text);
});

test('what is no span is none', () => {
  for (const text of [null, '', '22-07', '22:00-07:00']) expect(readQuiet(text)).toBeUndefined();
});

test('offsets hold the chosen one and are in order', () => {
  const all = offsets(-217);
  expect(all).toContain(-217);
  expect([...all].sort((a, b) => a - b)).toEqual(all);
  expect(writeOffset(-217)).toBe('-03:37');
});
