import { expect, test } from 'vitest';
import { split, times, verdict, type Attention, type Health, type Status } from './status';

const reached = (holds: boolean | null) => ({ value: 1, holds, measured_s: 300 });
const status = (given: { attention?: Attention[]; holds?: boolean; rate?: number }): Status =>
  ({
    now: { requests_per_s: given.rate ?? 10 },
    attention: given.attention ?? [],
    objectives: [{ name: 'latency_p95_ms', target_below: 200, last_5_min: reached(given.holds ?? true), last_hour: reached(true) }],
  }) as unknown as Status;
const health = (given: Partial<Health>): Health => ({ status: 'ok', dependencies: [], ...given }) as unknown as Health;
const about = (severity: Attention['severity']): Attention => ({ code: 'x', severity, text: 'x', link: '/' });

test('what is good to know leaves all well', () => {
  expect(verdict({ status: status({ attention: [about('info')] }), health: health({}), isLost: false })).toBe('good');
});

test('a warning, a missed objective or a degraded house needs a look', () => {
  expect(verdict({ status: status({ attention: [about('warning')] }), isLost: false })).toBe('warn');
  expect(verdict({ status: status({ holds: false }), isLost: false })).toBe('warn');
  expect(verdict({ health: health({ status: 'degraded' }), isLost: false })).toBe('warn');
});

test('a handful of requests misses no objective', () => {
  expect(verdict({ status: status({ holds: false, rate: 0.1 }), isLost: false })).toBe('good');
});

test('what it cannot do without is bad, and silence is neither', () => {
  const down = { name: 'database', up: false, optional: false, detail: '', duration_ms: 1 };
  expect(verdict({ health: health({ dependencies: [down] }), isLost: false })).toBe('bad');
  expect(verdict({ health: health({ dependencies: [{ ...down, optional: true }] }), isLost: false })).toBe('good');
  expect(verdict({ status: status({ attention: [about('critical')] }), isLost: true })).toBe('lost');
});

test('points have their times', () => {
  expect(times({ from: '1970-01-01T00:01:00Z', step_s: 5 }, 3)).toEqual([60, 65, 70]);
});

test('what needs a person comes apart from what is good to know', () => {
  const { urgent, rest } = split([about('critical'), about('info'), about('warning')]);
  expect([urgent.length, rest.length]).toEqual([2, 1]);
});
