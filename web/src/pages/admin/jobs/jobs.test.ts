import { expect, test } from 'vitest';
import { fits, merged, patched, refreshed, stateOf, took_ms, unknown, waited_ms, whyNotCancel, type Job } from './jobs';

const job = (id: string, more: Partial<Job> = {}): Job =>
  ({ id, kind: 'luna.kit', state: 'waiting', priority: 0, attempt: 0, created_at: '2026-11-21T10:00:00.000Z', run_at: '2026-11-21T10:00:00.000Z', revision: 1, ...more }) as Job;

const told = (jobs: readonly Job[]) => jobs.map((one) => `${one.id} ${one.state}`);

test('the first page is laid over the rows: new ones come where they belong, what fits no longer goes', () => {
  const rows = [job('7'), job('5', { revision: 4 }), job('3'), job('2'), job('1')];
  const head = [job('8'), job('7', { revision: 2, state: 'done' }), job('6'), job('5', { revision: 3, state: 'running' }), job('2')];
  expect(told(merged(rows, head, false))).toEqual(['8 waiting', '7 done', '6 waiting', '5 waiting', '2 waiting', '1 waiting']);
  expect(told(merged(rows, head, true))).toEqual(['8 waiting', '7 done', '6 waiting', '5 waiting', '2 waiting']);
  expect(merged(rows, [], true)).toEqual([]);
  expect(unknown(rows, head)).toBe(2);
});

test('a row is replaced in its place, and never by an older answer', () => {
  const rows = [job('2', { revision: 4 }), job('1')];
  expect(told(refreshed(rows, [job('9'), job('2', { revision: 3, state: 'running' }), job('1', { revision: 2, state: 'failed' })]))).toEqual(['2 waiting', '1 failed']);
});

test('an event changes state and progress, and nothing else', () => {
  const after = patched(job('1', { attempt: 2 }), { state: 'running', progress: { done: 2, total: 3 } });
  expect(after).toMatchObject({ state: 'running', attempt: 2, progress: { done: 2, total: 3 } });
});

test('times are told only where both ends are known', () => {
  const done = { created_at: '2026-11-21T10:00:00Z', run_at: '2026-11-21T10:00:01Z', started_at: '2026-11-21T10:00:03Z', finished_at: '2026-11-21T10:00:08Z', state: 'done' };
  expect(took_ms(done, 0)).toBe(5000);
  expect(waited_ms(done)).toBe(2000);
  expect(took_ms({ state: 'waiting' }, 0)).toBeNull();
  expect(took_ms({ state: 'running', started_at: '2026-11-21T10:00:00Z' }, Date.parse('2026-11-21T10:00:07Z'))).toBe(7000);
  // A retried job waits again, with the begin of the attempt before.
  expect(took_ms({ state: 'waiting', started_at: '2026-11-21T10:00:00Z' }, Date.parse('2026-11-21T10:00:07Z'))).toBeNull();
});

test('only what has not ended can be cancelled, and once', () => {
  expect(whyNotCancel({ state: 'done' })).toBe('ended');
  expect(whyNotCancel({ state: 'running', cancel_requested_at: '2026-11-21T10:00:00Z' })).toBe('asked');
  expect(whyNotCancel({ state: 'running' })).toBeNull();
});

test('filters are read from the address, and nonsense is none', () => {
  expect(stateOf('failed')).toBe('failed');
  expect(stateOf('nonsense')).toBeNull();
  expect(fits({ kind: 'luna.kit', state: 'done' }, '', null)).toBe(true);
  expect(fits({ kind: 'luna.kit', state: 'done' }, 'luna.kit', 'failed')).toBe(false);
});
