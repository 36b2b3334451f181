import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Refusal } from './api/problem';
import { poll } from './poll';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('asks at once and again after each answer, until it is ended', async () => {
  const ask = vi.fn(() => Promise.resolve());
  const end = poll(1000, ask);
  expect(ask).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(2500);
  expect(ask).toHaveBeenCalledTimes(3);
  end();
  await vi.advanceTimersByTimeAsync(5000);
  expect(ask).toHaveBeenCalledTimes(3);
});

test('waits as long as the server asks for', async () => {
  const ask = vi.fn(() => Promise.reject(new Refusal({ status: 429, code: 'limits.exceeded', title: 'slow' }, 9)));
  const end = poll(1000, ask);
  await vi.advanceTimersByTimeAsync(8000);
  expect(ask).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(2000);
  expect(ask).toHaveBeenCalledTimes(2);
  end();
});
