import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { differs, fileLines, fileOf, narrowed, placeInShort, secretLines, spans, toml, variableLine, wholeFile, type Section, type Setting } from './configuration';

import french from './settings.fr.json';

const setting = (given: Partial<Setting>): Setting => ({ key: 'http.listen', value: null, default: null, origin: 'default', place: null, variable: 'APLOMB_HTTP__LISTEN', secret: false, allowed: '', about: '', ...given });
const sections: Section[] = [
  { name: '', about: '', settings: [setting({ key: 'profile', value: 'staging', default: 'development', origin: 'file', place: '/etc/my aplomb.toml:1' })] },
  {
    name: 'http', about: 'Listening.',
    settings: [
      setting({ value: '127.0.0.1:1', default: '127.0.0.1:8080', origin: 'flag', place: '--listen', about: 'Address to listen on.' }),
      setting({ key: 'http.allowed_origins', value: [], default: [], about: 'Origins that browsers may call from.' }),
    ],
  },
  { name: 'notify', about: '', settings: [setting({ key: 'notify.smtp.password', value: '***', secret: true, variable: 'APLOMB_NOTIFY__SMTP__PASSWORD' })] },
];

test('what_is_set_to_its_default_does_not_differ', () => {
  expect(differs({ value: [], default: [] })).toBe(false);
  expect(differs({ value: undefined, default: null })).toBe(false);
  expect(differs({ value: '***', default: null })).toBe(true);
});

describe('narrowed', () => {
  const keys = (found: Section[]) => found.flatMap((section) => section.settings.map((one) => one.key));
  test('every_word_has_to_be_found_and_empty_sections_go', () => {
    expect(keys(narrowed(sections, 'HTTP origins', false))).toEqual(['http.allowed_origins']);
    expect(narrowed(sections, 'nothing of the kind', false)).toEqual([]);
  });
  test('only_what_differs_is_left', () => expect(keys(narrowed(sections, '', true))).toEqual(['profile', 'http.listen', 'notify.smtp.password']));
  test('a_place_is_found_and_a_masked_secret_is_not', () => {
    expect(keys(narrowed(sections, '--listen', false))).toEqual(['http.listen']);
    expect(narrowed(sections, '***', false)).toEqual([]);
  });
});

describe('lines', () => {
  test('toml_is_written_as_toml', () => {
    expect(toml(['a"b', 'c'])).toBe('["a\\"b", "c"]');
    expect(toml({ standard: { keys: 3 } })).toBe('{ standard = { keys = 3 } }');
    expect(fileLines(setting({ key: 'notify.smtp.host', value: 'mail' }))).toBe('[notify.smtp]\nhost = "mail"');
    expect(fileLines(setting({ key: 'profile', value: 'staging' }))).toBe('profile = "staging"');
  });
  test('a_whole_number_among_fractions_stays_a_fraction', () => expect(fileLines(setting({ key: 't.sample', value: 1, allowed: '0.0 to 1.0' }))).toBe('[t]\nsample = 1.0'));
  test('what_is_not_set_is_a_blank_of_its_kind', () => {
    expect(fileLines(setting({ key: 'a.port', allowed: '0 to 65535' }))).toBe('[a]\nport = …');
    expect(fileLines(setting({ key: 'a.name' }))).toBe('[a]\nname = "…"');
  });
  test('a_variable_is_safe_in_a_shell', () => {
    expect(variableLine(setting({ value: ['https://a.example', 'https://b.example'] }))).toBe('APLOMB_HTTP__LISTEN=https://a.example,https://b.example');
    expect(variableLine(setting({ value: "it's; here" }))).toBe(String.raw`APLOMB_HTTP__LISTEN='it'\''s; here'`);
    expect(variableLine(setting({ value: '*' }))).toBe("APLOMB_HTTP__LISTEN='*'");
    expect(variableLine(setting({ value: [] }))).toBe("APLOMB_HTTP__LISTEN=''");
  });
  test('no_secret_is_written_anywhere', () => {
    const secret = sections[2]!.settings[0]!;
    expect(fileLines(secret) + variableLine(secret) + wholeFile(sections)).not.toContain('***');
    expect(secretLines(secret).variable).toBe('APLOMB_NOTIFY__SMTP__PASSWORD_FILE=/run/secrets/notify_smtp_password');
  });
  test('a_whole_file_begins_with_what_stands_outside_sections', () => {
    expect(wholeFile(sections)).toBe('profile = "staging"\n\n[http]\nlisten = "127.0.0.1:1"\n\n[notify.smtp]\npassword = "…"\n');
  });
});

test('places_are_short_and_the_file_is_known', () => {
  expect(fileOf(sections)).toBe('/etc/my aplomb.toml');
  expect(placeInShort('/etc/aplomb.toml:12')).toBe('aplomb.toml:12');
  expect(placeInShort('--data')).toBe('--data');
});

test('backticks_tell_code_apart', () => {
  expect(spans('`*` admits any, `a`')).toEqual([{ text: '*', isCode: true }, { text: ' admits any, ', isCode: false }, { text: 'a', isCode: true }]);
});

test('every setting and section that the reference lists has a French text, with the same code in it', () => {
  // A test of the server holds the reference to the settings that there are.
  const reference = readFileSync('../docs/operate/configuration.md', 'utf8');
  const texts: Record<string, string> = french;
  const keys = [...reference.matchAll(/^\| `([a-z_.]+)` \|.*\| (.+) \|$/gm)].map(([, key = '', about = '']) => ({ key, about }));
  const sections = [...reference.matchAll(/^## `(\[[a-z_.]+\])`$/gm)].map(([, name = '']) => name);
  expect(keys.length).toBeGreaterThan(80);
  expect(Object.keys(texts).sort()).toEqual(['', ...sections, ...keys.map(({ key }) => key)].sort());
  const codes = (text: string) => spans(text).filter((part) => part.isCode).map((part) => part.text).sort();
  for (const { key, about } of keys) expect([key, ...codes(texts[key] ?? '')]).toEqual([key, ...codes(about).map((code) => code.replace('<name>', '<nom>'))]);
});
