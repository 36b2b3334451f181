import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mask } from './api/trail.svelte';
import { split } from './api/stream';
import { fit } from './commands.svelte';
import { bytes, duration } from './format';
import { language } from './language.svelte';
import { leastRole } from './role';
import { pageOf } from '../pages';

describe('events', () => {
  test('a_stream_is_split_into_events_and_a_rest', () => {
    const { told, rest } = split('retry: 2417\nid: 1\n\n: alive\n\nid: 2\nevent: jobs.done\ndata: {"a":\ndata: 1}\n\nevent: jobs');
    expect(told).toEqual([
      { event: 'message', id: '1', data: '', retry: 2417 },
      { event: 'message', id: '', data: '' },
      { event: 'jobs.done', id: '2', data: '{"a":\n1}' },
    ]);
    expect(rest).toBe('event: jobs');
  });
});

describe('the trail', () => {
  test('secrets_are_not_kept', () => {
    const text = '{"secret": "ak_live_1\\"2", "name": "x", "recovery_codes": ["a", "b"], "next": null}';
    expect(mask(text)).toBe('{"secret": "…", "name": "x", "recovery_codes": "…", "next": null}');
  });
});

describe('the command bar', () => {
  test('letters_in_order_find_and_words_come_first', () => {
    const scores = ['Jobs', 'Your account', 'Notifications'].map((label) => fit(label, 'o'));
    expect(scores.every((score) => score !== null)).toBe(true);
    expect(fit('Notifications', 'ntf')).not.toBeNull();
    expect(fit('Tâches', 'tach')).toBe(0);
    expect(fit('Keys', 'z')).toBeNull();
  });
});

describe('formats', () => {
  test('durations_have_the_unit_that_fits', () => {
    expect([0.34, 5.25, 340, 1234, 61_000, 7_500_000].map(duration)).toEqual(['340 µs', '5.3 ms', '340 ms', '1.2 s', '1 min 1 s', '2 h 5 min']);
  });
  test('bytes_are_decimal', () => {
    language.code = 'en';
    expect([0, 999, 1500, 12_300_000].map(bytes)).toEqual(['0\u{a0}B', '999\u{a0}B', '1.5 kB', '12.3 MB']);
  });
});

describe('rights', () => {
  test('a_scope_is_that_of_the_least_role_which_the_server_grants_it', () => {
    const scopes = ['luna:write', 'luna:admin', 'proof:admin', 'users:write', 'config:read', 'workspaces:write', 'workspaces:admin'];
    expect(scopes.map(leastRole)).toEqual(['member', 'operator', 'operator', 'admin', 'admin', 'admin', 'owner']);
    // The rooms that the server keeps for those who run the workspace.
    const source = readFileSync(join(process.cwd(), '../crates/chassis/src/auth/role.rs'), 'utf8');
    const rooms = [.../const INNER.*?\[([^\]]*)\];/.exec(source)?.[1]?.matchAll(/"(\w+)"/g) ?? []].map((found) => `${found[1]}:read`);
    expect(rooms).toHaveLength(6);
    for (const room of rooms) expect(leastRole(room), room).toBe('admin');
  });
});

describe('pages', () => {
  test('an_address_belongs_to_the_longest_page_that_holds_it', () => {
    expect(pageOf('/')?.name).toBe('overview');
    expect(pageOf('/proof/checks/access.csrf')?.name).toBe('proof');
    expect(pageOf('/admin/keys')?.name).toBe('keys');
    expect(pageOf('/lunar')).toBeUndefined();
    expect(pageOf('/admin')).toBeUndefined();
  });
});
