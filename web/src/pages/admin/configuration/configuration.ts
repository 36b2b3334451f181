// What is set, what differs, and how each key is written in the file and in the environment.
import type { Shape } from '$lib/api/client';

export type Section = Shape<'ConfigSection'>;
export type Setting = Shape<'ConfigSetting'>;
export const ORIGINS = ['default', 'file', 'environment', 'flag'] as const;
export type Origin = (typeof ORIGINS)[number];

/** Where somebody has to put a value of his own. */
export const BLANK = '…';

/** Whether something else is in force than without anybody's doing. */
export function differs(setting: Pick<Setting, 'value' | 'default'>): boolean {
  return JSON.stringify(setting.value ?? null) !== JSON.stringify(setting.default ?? null);
}

const plain = (text: string) => text.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '');

/** The sections that are left when only what holds every word, and what differs, is shown; those without settings go. */
export function narrowed(sections: readonly Section[], sought: string, isChanged: boolean): Section[] {
  const parts = plain(sought).split(/\s+/).filter(Boolean);
  return sections
    .map((section) => ({
      ...section,
      settings: section.settings.filter((one) => {
        if (isChanged && !differs(one)) return false;
        const text = plain([one.key, one.variable, one.about, one.place ?? '', one.secret ? '' : shown(one.value)].join('\n'));
        return parts.every((part) => text.includes(part));
      }),
    }))
    .filter((section) => section.settings.length);
}

/** A value as it stands in a list: bare texts, lists by commas; empty for what is not set. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(shown).join(', ');
  if (typeof value === 'object') return Object.keys(value).length ? JSON.stringify(value) : '';
  return String(value);
}

/** A value as TOML writes it. */
export function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const inside = Object.entries(value).map(([name, one]) => `${bare(name)} = ${toml(one)}`);
    return inside.length ? `{ ${inside.join(', ')} }` : '{}';
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value ?? '""');
}

const bare = (name: string) => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name));

/** A key in its section and its own name: `notify.smtp.host` stands as `host` in `[notify.smtp]`. */
export function placed(key: string): { section: string; name: string } {
  const at = key.lastIndexOf('.');
  return { section: key.slice(0, Math.max(0, at)), name: key.slice(at + 1) };
}

/** What stands for the value: the one in force, or a blank where there is none or nobody may see it. */
function given(setting: Setting): string {
  if (setting.secret || setting.value === null || setting.value === undefined) return isNumeric(setting) ? BLANK : JSON.stringify(BLANK);
  // A whole number is not a fraction to TOML; JSON has but one kind.
  if (typeof setting.value === 'number' && Number.isInteger(setting.value) && setting.allowed.includes('.')) return setting.value.toFixed(1);
  return toml(setting.value);
}

const isNumeric = (setting: Setting) => /^-?\d[\d.]* to \d/.test(setting.allowed);

/** The lines of `aplomb.toml` that set it. */
export function fileLines(setting: Setting): string {
  const { section, name } = placed(setting.key);
  return `${section ? `[${section}]\n` : ''}${name} = ${given(setting)}`;
}

/** The line for the environment that sets it, safe in a shell. */
export function variableLine(setting: Setting): string {
  const { value } = setting;
  if (setting.secret || value === null || value === undefined) return `${setting.variable}=${BLANK}`;
  const isTable = typeof value === 'object' && !Array.isArray(value);
  const text = Array.isArray(value) ? value.map(shown).join(',') : isTable ? JSON.stringify(value) : String(value);
  return `${setting.variable}=${/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`}`;
}

/** The same for a secret that is read from a file. */
export function secretLines(setting: Setting): { file: string; variable: string } {
  const { section, name } = placed(setting.key);
  const path = `/run/secrets/${setting.key.replaceAll('.', '_')}`;
  return { file: `${section ? `[${section}]\n` : ''}${name}_file = ${JSON.stringify(path)}`, variable: `${setting.variable}_FILE=${path}` };
}

/** All that differs as a configuration file; secrets are blanks. */
export function wholeFile(sections: readonly Section[]): string {
  const parts = new Map<string, string[]>();
  for (const setting of sections.flatMap((section) => section.settings).filter(differs)) {
    const { section, name } = placed(setting.key);
    parts.set(section, [...(parts.get(section) ?? []), `${name} = ${given(setting)}`]);
  }
  const ordered = [...parts].sort(([a], [b]) => Number(!!a) - Number(!!b));
  return ordered.map(([section, lines]) => (section ? `[${section}]\n` : '') + lines.join('\n')).join('\n\n') + (parts.size ? '\n' : '');
}

/** The configuration file, as far as a setting came from it. */
export function fileOf(sections: readonly Section[]): string | undefined {
  const from = sections.flatMap((section) => section.settings).find((one) => one.origin === 'file' && one.place);
  return from?.place?.replace(/:\d+$/, '');
}

/** A place as short as it is clear: the file's own name and its line. */
export function placeInShort(place: string): string {
  return /:\d+$/.test(place) ? (place.split('/').at(-1) ?? place) : place;
}

/** The unit that a key's name ends in. */
export function unitOf(key: string): 'bytes' | 'ms' | 's' | 'minutes' | undefined {
  return /_(bytes|ms|s|minutes)$/.exec(key)?.[1] as ReturnType<typeof unitOf>;
}

/** A text with the parts between backticks told apart. */
export function spans(text: string): { text: string; isCode: boolean }[] {
  return text.split('`').map((part, at) => ({ text: part, isCode: at % 2 === 1 })).filter((part) => part.text);
}
