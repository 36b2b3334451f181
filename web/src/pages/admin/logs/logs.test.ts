import { describe, expect, test } from 'vitest';
import { asJson, askedOf, cursorAt, gist, isAfter, isId, isOwn, joined, levelOf, marked, placeOf, type Line } from './logs';

const ID = '01M7ZRECFRJTB1TMY438T8CH2S';
const line = (given: Partial<Line>): Line => ({ id: '1795288387623029', at: '2026-11-21T19:13:32.667Z', level: 'INFO', target: 'chassis', message: 'ready', fields: {}, ...given });
const asked = line({ target: 'access', message: 'request', fields: { 'request.id': ID, 'http.method': 'GET', 'http.route': '/api/v1/logs', 'http.path': '/api/v1/logs', 'http.status_code': 200, duration_us: 3088 } });

test('a_level_that_is_none_is_none', () => {
  expect(levelOf('warn')).toBe('warn');
  expect(levelOf('loud')).toBeNull();
});

test('a_request_is_taken_apart_and_other_lines_are_not', () => {
  expect(askedOf(asked)).toEqual({ method: 'GET', path: '/api/v1/logs', status: 200, duration_us: 3088, size_bytes: undefined });
  expect(askedOf(line({}))).toBeUndefined();
  expect(gist(line({ fields: { address: 'a:1', tries: 2 } }))).toBe('address=a:1  tries=2');
});

test('reading_the_log_is_left_out_unless_it_failed', () => {
  expect(isOwn(asked)).toBe(true);
  expect(isOwn({ ...asked, level: 'ERROR' })).toBe(false);
  expect(isOwn(line({}))).toBe(false);
});

test('ids_lead_to_their_pages', () => {
  expect(placeOf('user.id', ID)).toBe(`/admin/people?selected=${ID}`);
  expect(placeOf('job.id', ID)).toBe(`/admin/jobs?selected=${ID}`);
  expect(placeOf('key.id', ID)).toBe(`/admin/keys?selected=${ID}`);
  expect(placeOf('job.kind', ID)).toBeUndefined();
  expect(placeOf('user.id', 'javascript:alert(1)')).toBeUndefined();
  expect(isId(`${ID}0`)).toBe(false);
});

describe('joined', () => {
  const at = (id: number) => line({ id: String(id) });
  test('new_lines_come_first_and_once', () => {
    expect(joined([at(12), at(11)], [at(12), at(13), at(14)], 10).map((one) => one.id)).toEqual(['14', '13', '12', '11']);
  });
  test('no_more_than_so_many_are_kept', () => expect(joined([at(12), at(11)], [at(13)], 2).map((one) => one.id)).toEqual(['13', '12']));
  test('ids_grow_also_in_length', () => {
    expect(isAfter('100', '99')).toBe(true);
    expect(isAfter('99', '100')).toBe(false);
    expect(isAfter('1', '')).toBe(true);
  });
});

test('a_line_is_found_by_the_cursor_after_it', () => {
  expect(cursorAt('1795288387623029')).toBe('1795288387623030');
  expect(cursorAt('99999999999999999999')).toBe('100000000000000000000');
  expect(cursorAt('nothing')).toBeUndefined();
});

test('hits_are_told_apart_in_whatever_case', () => {
  expect(marked('GET /Luna/luna', 'luna')).toEqual([{ text: 'GET /', isHit: false }, { text: 'Luna', isHit: true }, { text: '/', isHit: false }, { text: 'luna', isHit: true }]);
  expect(marked('plain', '')).toEqual([{ text: 'plain', isHit: false }]);
  expect(marked('İstanbul', 'stan')).toEqual([{ text: 'İstanbul', isHit: false }]);
});

test('lines_are_copied_the_oldest_first', () => {
  expect(asJson([line({ id: '2' }), line({ id: '1' })]).split('\n').map((one) => (JSON.parse(one) as Line).id)).toEqual(['1', '2']);
});
