// What a key may do: rooms and verbs, chosen one by one or all at once, and how long it lasts.
import type { Shape } from '$lib/api/client';

export type Key = Shape<'Key'>;
export const VERBS = ['read', 'write', 'admin'] as const;
export type Verb = (typeof VERBS)[number];
/** What was chosen for a room; empty: nothing. */
export type Choice = Verb | '';
/** Choices by room; `*` stands for every room, also those to come. */
export type Choices = Readonly<Record<string, Choice>>;

/** The rooms in which only some verbs open anything; in others all three are offered. */
const USED: Readonly<Record<string, readonly Verb[]>> = {
  audit: ['read'],
  events: ['read'],
  jobs: ['read', 'write'],
  keys: ['read', 'write'],
  objects: ['read', 'write'],
  users: ['read', 'write'],
  workspaces: ['write', 'admin'],
  config: ['read'],
  logs: ['read'],
  proof: ['read', 'admin'],
};

/** How far a verb goes; 0 for none. */
export function reach(choice: Choice): number {
  return choice === '' ? 0 : VERBS.indexOf(choice) + 1;
}

export interface Room {
  name: string;
  /** The verbs that open something there. */
  verbs: readonly Verb[];
  /** The farthest that the maker may go. */
  own: Verb;
}

/** The rooms in which somebody with these scopes may do something; services come first, as a key is mostly for them. */
export function roomsOf(scopes: readonly string[]): Room[] {
  const rooms = scopes.flatMap((scope): Room[] => {
    const [name, verb] = scope.split(':');
    const own = VERBS.find((one) => one === verb);
    return name && name !== '*' && own ? [{ name, own, verbs: USED[name] ?? VERBS }] : [];
  });
  const isHouse = (room: Room) => (room.name in USED && room.name !== 'proof') || room.name === 'notify';
  return rooms.sort((a, b) => Number(isHouse(a)) - Number(isHouse(b)) || a.name.localeCompare(b.name));
}

/** The farthest verb that somebody may give for every room at once. */
export function everyOf(role: string): Choice {
  return role === 'owner' ? 'admin' : role === 'admin' ? 'write' : '';
}

/** The scopes of a key, as the server takes them: what is part of `*` is not said twice. */
export function scopesOf(choices: Choices): string[] {
  const every = choices['*'] ?? '';
  const scopes = every ? [every === 'admin' ? '*' : `*:${every}`] : [];
  for (const [room, choice] of Object.entries(choices).sort(([a], [b]) => a.localeCompare(b))) {
    if (room !== '*' && reach(choice) > reach(every)) scopes.push(`${room}:${choice}`);
  }
  return scopes;
}

/** A scope of a key in its two parts; `*` alone is every room, to the end. */
export function parts(scope: string): { room: string; verb: Verb } {
  const [room = '*', verb] = scope.split(':');
  return { room, verb: VERBS.find((one) => one === verb) ?? 'admin' };
}

/** Whether a key's scopes hold this one. */
export function holds(scopes: readonly string[], wanted: string): boolean {
  const asked = parts(wanted);
  return scopes.map(parts).some((own) => (own.room === '*' || own.room === asked.room) && reach(own.verb) >= reach(asked.verb));
}

export const LASTS = ['30', '90', '365', 'date', 'never'] as const;
export type Lasts = (typeof LASTS)[number];

/** When a key ends: after so many days, at the end of a day (UTC), or null for never. Undefined while the day is not chosen. */
export function endOf(lasts: Lasts, day: string, now: number): string | null | undefined {
  if (lasts === 'never') return null;
  if (lasts === 'date') return /^\d{4}-\d{2}-\d{2}$/.test(day) ? `${day}T23:59:59Z` : undefined;
  return new Date(now + Number(lasts) * 86_400_000).toISOString();
}

/** How long a key still lasts. */
export type Life = 'over' | 'soon' | 'lasting' | 'endless';
const SOON_MS = 7 * 86_400_000;
export function lifeOf(key: Pick<Key, 'expires_at'>, now: number): Life {
  if (!key.expires_at) return 'endless';
  const left = new Date(key.expires_at).getTime() - now;
  return left <= 0 ? 'over' : left < SOON_MS ? 'soon' : 'lasting';
}

const IDLE_MS = 90 * 86_400_000;
export const SHOWN = ['all', 'ending', 'idle', 'endless'] as const;
export type Shown = (typeof SHOWN)[number];

/** Whether nobody has used it for 90 days (or ever, when it is older than a day). */
export function isIdle(key: Pick<Key, 'last_used_at' | 'created_at'>, now: number): boolean {
  const age = now - new Date(key.last_used_at ?? key.created_at).getTime();
  return key.last_used_at ? age > IDLE_MS : age > 86_400_000;
}

/** The keys that fit what was typed (name, first characters, maker) and the part that was chosen. */
export function fitting(keys: readonly Key[], typed: string, shown: Shown, now: number): readonly Key[] {
  const plain = (text: string) => text.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '');
  const sought = plain(typed).trim();
  return keys.filter((key) => {
    if (sought && !plain(`${key.name} ${key.prefix} ${key.created_by?.name ?? ''} ${key.scopes.join(' ')}`).includes(sought)) return false;
    if (shown === 'ending') return ['over', 'soon'].includes(lifeOf(key, now));
    if (shown === 'idle') return isIdle(key, now);
    return shown !== 'endless' || !key.expires_at;
  });
}

/** Calls to try a key with: each reads only, and the first is open to every key. */
const TRIALS: readonly { scope: string; address: string }[] = [
  { scope: 'luna:read', address: '/api/v1/luna/generations?limit=1' },
  { scope: 'jobs:read', address: '/api/v1/jobs?limit=1' },
  { scope: 'objects:read', address: '/api/v1/objects?limit=1' },
  { scope: 'users:read', address: '/api/v1/users?limit=1' },
  { scope: 'keys:read', address: '/api/v1/keys?limit=1' },
  { scope: 'audit:read', address: '/api/v1/audit?limit=1' },
  { scope: 'notify:read', address: '/api/v1/webhooks?limit=1' },
  { scope: 'proof:read', address: '/api/v1/proof/checks' },
];

/** The calls that a key with these scopes may try, by their addresses. */
export function trialsOf(scopes: readonly string[]): string[] {
  return ['/api/v1/auth/me', ...TRIALS.filter((trial) => holds(scopes, trial.scope)).map((trial) => trial.address)];
}
