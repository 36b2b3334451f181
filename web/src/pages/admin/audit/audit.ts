// What the log can be asked for, and how its entries are told.

/** Everything that the server writes down, by rooms. Words: `audit.action.<action>`. */
export const ACTIONS = {
  auth: ['auth.sign_in', 'auth.set_up', 'auth.lock', 'auth.password_change', 'auth.password_reset', 'auth.sign_out_everywhere', 'auth.totp_enable', 'auth.totp_disable'],
  key: ['key.create', 'key.rename', 'key.revoke'],
  invitation: ['invitation.create', 'invitation.accept', 'invitation.withdraw'],
  member: ['member.add', 'member.role', 'member.remove'],
  user: ['user.change', 'user.link'],
  workspace: ['workspace.create', 'workspace.rename', 'workspace.plan', 'workspace.delete'],
} as const;
export type Group = keyof typeof ACTIONS;
export const GROUPS = Object.keys(ACTIONS) as Group[];

/** A day of the reader's own calendar as the moment at which it begins; a moment stays one. Undefined for what is neither. */
export function momentOf(text: string, isEnd: boolean): string | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (parts) {
    const day = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + (isEnd ? 1 : 0));
    return Number.isNaN(day.getTime()) ? undefined : day.toISOString();
  }
  return /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(text) ? text : undefined;
}

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The moment that an id (ULID) begins with, in milliseconds since 1970. */
export function madeAt(id: string): number | undefined {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id)) return undefined;
  let ms = 0;
  for (const digit of id.slice(0, 10)) ms = ms * 32 + DIGITS.indexOf(digit);
  return ms;
}

/** A subject or an actor in its two parts: `key:01…` is a key. */
export function parts(whom: string): { kind: string; id: string } {
  const at = whom.indexOf(':');
  return at < 0 ? { kind: whom, id: '' } : { kind: whom.slice(0, at), id: whom.slice(at + 1) };
}

/** What an entry's detail says, as names and short texts; nothing for what is empty. */
export function details(detail: unknown): [string, string][] {
  if (typeof detail !== 'object' || detail === null) return detail === null || detail === undefined ? [] : [['', String(detail)]];
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== '' && value !== false)
    .map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : value === true ? '✓' : String(value)]);
}

/** A browser and its system by the text that it sends; other programs as they call themselves. */
export function programOf(text: string): string {
  const browser = [/(Firefox)\/(\d+)/, /(Edg)\/(\d+)/, /(Chrome)\/(\d+)/, /Version\/(\d+).*(Safari)/].map((one) => one.exec(text)).find(Boolean);
  if (!browser) return text;
  const [name, version] = browser[2] === 'Safari' ? ['Safari', browser[1]] : [browser[1] === 'Edg' ? 'Edge' : browser[1], browser[2]];
  const system = [/Windows/, /iPhone|iPad/, /Android/, /Mac OS X/, /Linux/].map((one) => one.exec(text)?.[0]).find(Boolean);
  return [`${name} ${version}`, system === 'Mac OS X' ? 'macOS' : system].filter(Boolean).join(' · ');
}
