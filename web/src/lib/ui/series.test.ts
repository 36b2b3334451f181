import { expect, test } from 'vitest';
import { bounds, inWords, lone } from './series';

test('a value between gaps is drawn as a point', () => {
  expect(lone([1, null, 2, 3, null, 4])).toEqual([0, 5]);
  expect(lone([])).toEqual([]);
});

test('gaps count neither as least nor as last', () => {
  expect(bounds([3, null, 1, null])).toEqual({ last: 1, least: 1, most: 3 });
  expect(bounds([null])).toBeUndefined();
});

test('a plot is said in words', () => {
  const lines = [{ label: 'p95', values: [3, 9] }, { label: 'p99', values: [null] }];
  expect(inWords(lines, (value) => `${value} ms`)).toBe('p95: 9 ms (3 ms – 9 ms); p99: –');
});
