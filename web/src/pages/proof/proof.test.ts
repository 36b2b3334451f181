import { describe, expect, test } from 'vitest';
import { chosen, inAddress, names, step } from './choice';
import { EXAMPLES } from './examples';
import { asMarkdown, keep, kept, type Judged } from './judged';
import { narrowed } from './narrow';
import { digits, grouped, line, linear, quantiles, range, summary, telling, thinned, ticks, type Series } from './plot';
import { canonical, verify } from './seal';
import { beside, changes, commandLines, idOf, inline, isEarlier, outcomeAt, scoreAt, standingAt, type Check, type Evidence, type Report } from './standing';

const NOW = Date.parse('2026-11-21T12:00:00Z');

function evidence(id: string, verdict: Evidence['verdict'], more: Partial<Evidence> = {}): Evidence {
  return {
    id, verdict, area: id.split('.')[0] ?? '', title: id, title_fr: id, measured: '', measured_fr: '', required: '', required_fr: '', again: '', weight: 5, is_required: true,
    started_at: '2026-11-21T10:00:00.000Z', ended_at: '2026-11-21T10:00:01.000Z', expires_at: '2026-12-21T10:00:01.000Z',
    origin: { version: '0.1.0', binary: 'b', configuration: 'c', host: 'h', target: 'own' }, ...more,
  };
}
function report(all: Evidence[], more: Partial<Report> = {}): Report {
  return { format: 1, score: 0, is_ready: false, pace: 'quick', started_at: '2026-11-21T10:00:00.000Z', ended_at: '2026-11-21T10:02:00.000Z', origin: evidence('a.b', 'pass').origin, areas: [], evidence: all, ...more };
}

describe('standing', () => {
  test('evidence that passed too long ago counts as expired, and what failed stays failed', () => {
    expect(standingAt(evidence('a.b', 'pass'), NOW)).toBe('passed');
    expect(standingAt(evidence('a.b', 'pass'), NOW + 40 * 86_400_000)).toBe('expired');
    expect(standingAt(evidence('a.b', 'pass', { expires_at: 'nonsense' }), NOW)).toBe('expired');
    expect(standingAt(evidence('a.b', 'fail', { expires_at: '2020-01-01T00:00:00Z' }), NOW)).toBe('failed');
  });
  test('the score is the weight of what passed over that of what could be verified', () => {
    expect(scoreAt([evidence('a.a', 'pass', { weight: 2 }), evidence('a.b', 'fail', { weight: 1 }), evidence('a.c', 'not_verifiable', { weight: 9 })], NOW)).toBe(66.7);
    expect(scoreAt([evidence('a.a', 'skipped')], NOW)).toBeNull();
  });
  test('one failed must makes it not ready, one not run leaves it open', () => {
    expect(outcomeAt([evidence('a.a', 'pass'), evidence('a.b', 'fail')], NOW)).toBe('not_ready');
    expect(outcomeAt([evidence('a.a', 'pass'), evidence('a.b', 'fail', { is_required: false })], NOW)).toBe('ready');
    expect(outcomeAt([evidence('a.a', 'pass'), evidence('a.b', 'skipped')], NOW)).toBe('undecided');
    expect(outcomeAt([evidence('a.a', 'pass'), evidence('a.b', 'not_verifiable')], NOW)).toBe('ready');
    expect(outcomeAt([], NOW)).toBe('undecided');
  });
  test('changes name what this run measured otherwise, worse ones first', () => {
    const before = report([evidence('a.a', 'pass'), evidence('a.b', 'fail'), evidence('a.c', 'pass')], { started_at: '2026-11-20T10:00:00.000Z', ended_at: '2026-11-20T10:01:00.000Z' });
    const now = report([evidence('a.b', 'pass'), evidence('a.a', 'fail'), evidence('a.c', 'fail', { ended_at: '2026-11-20T10:00:30.000Z' })]);
    expect(changes(now, before).map((one) => [one.id, one.isBetter])).toEqual([['a.a', false], ['a.b', true]]);
  });
  test('evidence from before the run began is earlier', () => {
    const record = report([]);
    expect(isEarlier(record, evidence('a.a', 'pass', { ended_at: '2026-11-20T10:00:00.000Z' }))).toBe(true);
    expect(isEarlier(record, evidence('a.a', 'pass'))).toBe(false);
  });
  test('the id of a record is the moment of its beginning', () => expect(idOf('2026-11-21T18:28:29.538Z')).toBe('2026-11-21T18-28-29-538Z'));
  test('words that differ are marked where both texts are of one build', () => {
    expect(beside('p95 8 ms', 'p95 9 ms').filter((piece) => piece.isOther).map((piece) => piece.text)).toEqual(['8']);
    expect(beside('p95 8 ms', 'nothing')).toEqual([{ text: 'p95 8 ms', isOther: false }]);
  });
  test('commands stand one below the other, loops stay whole', () => {
    expect(commandLines('a; b')).toBe('a\nb');
    expect(commandLines('for x in y; do z; done')).toBe('for x in y; do z; done');
    expect(inline('run `x` now')).toEqual([{ text: 'run ', isCode: false }, { text: 'x', isCode: true }, { text: ' now', isCode: false }]);
  });
});

describe('choice', () => {
  const checks = ['a.a', 'a.b', 'b.a'].map((id) => ({ id, area: id.split('.')[0] }) as Check);
  test('the address and the set of checks say the same, in as few names as can be', () => {
    for (const only of ['', 'a', 'a.b', 'a.a,b', 'none']) expect(inAddress(chosen(only, checks), checks)).toBe(only);
    expect(names(new Set(['a.a', 'a.b']), checks)).toEqual(['a']);
    expect(names(chosen('', checks), checks)).toEqual([]);
    expect(chosen('none', checks).size).toBe(0);
  });
  test('a note names the check that runs, or the one that has ended', () => {
    expect(step({ done: 3, total: 9, note: 'a.b …' }, ['a.a', 'a.b'])).toMatchObject({ done: 3, total: 9, current: 'a.b' });
    expect(step({ done: 3, total: 9, note: 'pass a.b' }, ['a.b'])?.current).toBeUndefined();
    expect(step(null, [])).toBeUndefined();
  });
});

describe('plot', () => {
  const series = (points: [number, number][], shape: Series['shape'] = 'line'): Series => ({ name: 'n', name_fr: 'n', unit_x: 's', unit_y: 'ms', shape, points });
  test('ticks are round and cover the range', () => {
    expect(ticks(0, 89, 4)).toEqual([0, 50, 100]);
    expect(ticks(0, 0.004, 4)).toEqual([0, 0.001, 0.002, 0.003, 0.004]);
    expect(linear(0, 89, 100, 0, 4).at(100)).toBe(0);
  });
  test('each further nine of a quantile has the same room', () => {
    const scale = quantiles(0, 400);
    expect(scale.at(0.9)).toBeCloseTo(100);
    expect(scale.at(0.99)).toBeCloseTo(200);
    expect(scale.at(1)).toBeCloseTo(400);
  });
  test('thinning keeps the highest and the lowest', () => {
    const points = Array.from({ length: 5000 }, (_, at) => [at, at === 777 ? 99 : at === 4001 ? -99 : 0] as [number, number]);
    const kept = thinned(points, 400);
    expect(kept.length).toBeLessThanOrEqual(400);
    expect(range(kept.map((point) => point[1]))).toEqual([-99, 99]);
  });
  test('a distribution is compared by its 99th percentile, everything else by the median', () => {
    expect(telling(series([[0.5, 1], [0.99, 7], [1, 9]], 'quantiles'))).toBe(7);
    expect(telling(series([[0, 1], [1, 5], [2, 3]]))).toBe(3);
    expect(summary([])).toBeUndefined();
  });
  test('distributions of one unit share a drawing, and empty series have none', () => {
    const all = [series([[0, 1]], 'quantiles'), series([[0, 2]], 'quantiles'), series([[0, 1]]), series([])];
    expect(grouped(all).map((group) => group.length)).toEqual([2, 1]);
  });
  test('a path goes from point to point', () => expect(line([[0, 0], [1, 1]], linear(0, 1, 0, 10, 2), linear(0, 1, 10, 0, 2))).toBe('M0.0 10.0L10.0 0.0'));
  test('three digits tell', () => expect([0.0123, 1.234, 12.3, 1234].map(digits)).toEqual([4, 2, 1, 0]));
});

describe('seal', () => {
  test('canonical JSON sorts names and leaves out nothing else', () => expect(canonical({ b: [1, 93.4, null], a: { d: 'é', c: undefined } })).toBe('{"a":{"d":"é"},"b":[1,93.4,null]}'));
  test('a signature holds for its content alone', async () => {
    const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
    const content = { score: 93.4, list: ['x'] };
    const base64 = (bytes: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
    const value = base64(await crypto.subtle.sign('Ed25519', pair.privateKey, new TextEncoder().encode(canonical(content))));
    const signature = { algorithm: 'ed25519', public_key: base64(await crypto.subtle.exportKey('raw', pair.publicKey)), value };
    expect(await verify({ ...content, signature } as never)).toBe('holds');
    expect(await verify({ ...content, score: 100, signature } as never)).toBe('broken');
    expect(await verify({ ...content } as never)).toBe('broken');
  });
});

describe('rows and reports', () => {
  const row = (id: string, more = {}) => ({ id, area: id.split('.')[0] ?? '', title: 'Security headers', isRequired: true, standing: 'passed', ...more });
  test('filters leave what fits all of them', () => {
    const rows = [row('a.a'), row('a.b', { isRequired: false, title: 'Backups' }), row('b.a', { standing: 'failed', check: { disturbs: true } })];
    const left = (filter: object) => narrowed(rows, { area: '', standing: '', which: '', q: '', ...filter }).map((one) => one.id);
    expect(left({})).toHaveLength(3);
    expect(left({ area: 'a', which: 'desired' })).toEqual(['a.b']);
    expect(left({ standing: 'failed' })).toEqual(['b.a']);
    expect(left({ which: 'disturbs' })).toEqual(['b.a']);
    expect(left({ q: 'backup' })).toEqual(['a.b']);
  });
  test('claims become a Markdown table that their own text cannot break', () => {
    const judged: Judged = { encoding: 'UTF-8', repairs: 0, counts: { proved: 0, contradicted: 1, unproven: 0, left_out: 0 }, claims: [{ line: 3, text: 'a | b', kind: 'tick', verdict: 'contradicted', check: 'load.cost', why: 'no' }] };
    expect(asMarkdown(judged, 'STATUS.md', (key) => key)).toContain('| 3 | a \\| b | ✗ proof.verdict.contradicted | no | `load.cost` |');
  });
  test('what was given comes back byte by byte after a reload', () => {
    const given = { name: 'x.md', bytes: Uint8Array.from({ length: 20_000 }, (_, at) => at % 256) };
    keep(given);
    expect(kept()).toEqual(given);
    keep(undefined);
    expect(kept()).toBeUndefined();
  });
  test('the examples say that they are made up', () => {
    expect(EXAMPLES.en).toContain('made up');
    expect(EXAMPLES.fr).toContain('inventé');
  });
});
