import { expect, test } from 'vitest';
import { endOf, fitting, holds, isIdle, lifeOf, roomsOf, scopesOf, trialsOf, type Key } from './keys';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const key = (more: Partial<Key>): Key => ({ id: 'k', name: 'ci', prefix: 'ak_live_abc', scopes: ['luna:write'], created_at: '2026-11-01T00:00:00Z', ...more }) as Key;

test('what is part of every room is not said twice', () => {
  expect(scopesOf({ luna: 'write', jobs: 'read', audit: '' })).toEqual(['jobs:read', 'luna:write']);
  expect(scopesOf({ '*': 'read', luna: 'write', jobs: 'read' })).toEqual(['*:read', 'luna:write']);
  expect(scopesOf({ '*': 'admin', luna: 'admin' })).toEqual(['*']);
  expect(scopesOf({})).toEqual([]);
});

test('a scope holds those before it, and stars hold every room', () => {
  expect(holds(['luna:write'], 'luna:read')).toBe(true);
  expect(holds(['luna:read'], 'luna:write')).toBe(false);
  expect(holds(['*'], 'jobs:write')).toBe(true);
  expect(holds(['*:read'], 'jobs:write')).toBe(false);
});

test('services stand before the rooms of the house, and only used verbs are offered', () => {
  const rooms = roomsOf(['audit:admin', 'luna:write', 'jobs:read', '*:read']);
  expect(rooms.map((room) => room.name)).toEqual(['luna', 'audit', 'jobs']);
  expect(rooms[1]?.verbs).toEqual(['read']);
});

test('a key ends when it was said', () => {
  expect(endOf('never', '', NOW)).toBeNull();
  expect(endOf('30', '', NOW)).toBe('2026-12-21T12:00:00.000Z');
  expect(endOf('date', '2027-01-31', NOW)).toBe('2027-01-31T23:59:59Z');
  expect(endOf('date', '', NOW)).toBeUndefined();
});

test('keys near their end, endless and idle ones are told apart', () => {
  expect(lifeOf({ expires_at: '2026-11-20T00:00:00Z' }, NOW)).toBe('over');
  expect(lifeOf({ expires_at: '2026-11-25T00:00:00Z' }, NOW)).toBe('soon');
  expect(lifeOf({ expires_at: '2027-11-25T00:00:00Z' }, NOW)).toBe('lasting');
  expect(lifeOf({ expires_at: null }, NOW)).toBe('endless');
  expect(isIdle({ created_at: '2026-11-21T11:00:00Z' }, NOW)).toBe(false);
  expect(isIdle({ created_at: '2026-01-01T00:00:00Z', last_used_at: '2026-11-20T00:00:00Z' }, NOW)).toBe(false);
  expect(isIdle({ created_at: '2026-01-01T00:00:00Z', last_used_at: '2026-02-01T00:00:00Z' }, NOW)).toBe(true);
});

test('keys are found by name, beginning, maker and scope', () => {
  const keys = [key({}), key({ name: 'Sauvegarde', expires_at: '2026-11-22T00:00:00Z' })];
  expect(fitting(keys, 'SAUVE', 'all', NOW)).toHaveLength(1);
  expect(fitting(keys, 'luna:w', 'all', NOW)).toHaveLength(2);
  expect(fitting(keys, '', 'ending', NOW)).toHaveLength(1);
  expect(fitting(keys, '', 'endless', NOW)).toHaveLength(1);
});

test('a key is tried with what it may read', () => {
  expect(trialsOf(['luna:write'])).toEqual(['/api/v1/auth/me', '/api/v1/luna/generations?limit=1']);
});
