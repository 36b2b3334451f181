import { expect, test } from 'vitest';
import en from './en.json';
import { ACTIONS, details, madeAt, momentOf, parts, programOf } from './audit';
import { words } from '$lib/words.svelte';
import fr from './fr.json';
import { gist } from './inWords';

test('days are those of the reader, moments stay', () => {
  const begin = momentOf('2026-11-20', false);
  const end = momentOf('2026-11-20', true);
  expect(new Date(end ?? '').getTime() - new Date(begin ?? '').getTime()).toBe(86_400_000);
  expect(momentOf('2026-11-20T15:44:05Z', true)).toBe('2026-11-20T15:44:05Z');
  expect(momentOf('soon', false)).toBeUndefined();
});

test('an id tells when it was made', () => {
  expect(madeAt('01M7ZNW4142QA6FEHBB1CG46QR')).toBe(Date.parse('2026-11-21T18:28:37.028Z'));
  expect(madeAt('nonsense')).toBeUndefined();
});

test('whom it concerns has a kind and an id', () => {
  expect(parts('console:cli')).toEqual({ kind: 'console', id: 'cli' });
  expect(parts('system')).toEqual({ kind: 'system', id: '' });
});

test('a row says the one thing that matters, in words', async () => {
  await words.add({ en: () => Promise.resolve({ default: en }), fr: () => Promise.resolve({ default: fr }) });
  expect(gist({ detail: { from: 'member', to: 'admin' } })).toBe('Member → Administrator');
  expect(gist({ detail: { name: 'ci', scopes: 'luna:write', expires_at: null } })).toBe('ci · luna:write');
  expect(gist({ detail: { role: 'member' } })).toBe('Member');
  expect(gist({ detail: { name: false, language: false, disabled: true } })).toBe('Disabled');
  expect(gist({ detail: { role: 'warden' } })).toBe('warden');
  expect(gist({ detail: null })).toBe('');
  await words.change('fr');
  expect(gist({ detail: { from: 'member', to: 'admin' } })).toBe('Membre → Administrateur');
  expect(details({ scopes: ['a'] })).toEqual([['scopes', '["a"]']]);
});

test('every action has words', () => {
  const missing = Object.values(ACTIONS).flat().filter((action) => !(`audit.action.${action}` in en));
  expect(missing).toEqual([]);
});

test('browsers are called by their names', () => {
  expect(programOf('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/148.0.0.0 Safari/537.36')).toBe('Chrome 148 · Linux');
  expect(programOf('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15')).toBe('Safari 17 · macOS');
  expect(programOf('Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe('Firefox 140 · Windows');
  expect(programOf('curl/8.5.0')).toBe('curl/8.5.0');
});
