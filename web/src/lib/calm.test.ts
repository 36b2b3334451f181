import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { whenCalm } from './calm';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('nothing is begun while the page moves, and then a few at a time', () => {
  const done: number[] = [];
  vi.advanceTimersByTime(1000);
  dispatchEvent(new Event('scroll'));
  for (let at = 0; at < 7; at += 1) whenCalm(() => done.push(at));
  vi.advanceTimersByTime(100);
  dispatchEvent(new Event('scroll'));
  vi.advanceTimersByTime(100);
  expect(done).toEqual([]);
  vi.advanceTimersByTime(25);
  expect(done).toEqual([0, 1, 2]);
  vi.advanceTimersByTime(100);
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('what is taken back in time is not done', () => {
  const task = vi.fn();
  vi.advanceTimersByTime(1000);
  dispatchEvent(new Event('scroll'));
  whenCalm(task)();
  vi.advanceTimersByTime(1000);
  expect(task).not.toHaveBeenCalled();
});
