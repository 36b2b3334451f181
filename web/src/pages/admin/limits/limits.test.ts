import { expect, test } from 'vitest';
import { boundsOf, linesOf, rateOf, routesOf, toneOf } from './limits';

const LIMITS = { requests_per_hour: 20_000, storage_bytes: 1000, jobs_waiting: 10, members: 50, keys: 100 };

test('open invitations count as people, and what is not counted is not invented', () => {
  const lines = linesOf(LIMITS, { members: 3, invitations: 2, keys: 100, jobs_waiting: 0, storage_bytes: 850 });
  expect(lines[0]).toEqual({ name: 'members', limit: 50, used: 5, invited: 2 });
  expect(lines.at(-1)).toEqual({ name: 'requests_per_hour', limit: 20_000, used: null });
  expect(toneOf(100, 100)).toBe('bad');
  expect(toneOf(850, 1000)).toBe('warn');
  expect(toneOf(0, 0)).toBe('bad');
});

test('the headers of an answer are read, and none are none', () => {
  const headers = new Headers({ 'ratelimit-limit': '1000', 'ratelimit-remaining': '998', 'ratelimit-reset': '0', 'ratelimit-policy': '"user";q=1000;w=3600' });
  expect(rateOf(headers)).toMatchObject({ limit: 1000, remaining: 998, reset_s: 0, name: 'user', window_s: 3600, retryAfter_s: null });
  headers.set('retry-after', '3');
  expect(rateOf(headers)?.retryAfter_s).toBe(3);
  expect(rateOf(new Headers())).toBeNull();
});

test('routes with a limit of their own come from the document, the tightest first', () => {
  const document = { paths: { '/b': { post: { 'x-limit-per-minute': 20 } }, '/a': { get: { 'x-limit-per-minute': 6 }, post: {} } } };
  expect(routesOf(document)).toEqual([
    { method: 'GET', path: '/a', per_minute: 6 },
    { method: 'POST', path: '/b', per_minute: 20 },
  ]);
  expect(routesOf({})).toEqual([]);
});

test('settings that bound somebody are picked out of all', () => {
  const setting = (key: string) => ({ key, value: 1, default: 1, origin: 'default', place: null, variable: '', secret: false, allowed: '', about: '' });
  const configuration = { sections: [{ name: 'jobs', about: '', settings: [setting('jobs.most_waiting'), setting('jobs.drill')] }, { name: 'limits', about: '', settings: [setting('limits.user_per_hour')] }], warnings: [] };
  expect(boundsOf(configuration).map((one) => one.key)).toEqual(['limits.user_per_hour', 'jobs.most_waiting']);
});
