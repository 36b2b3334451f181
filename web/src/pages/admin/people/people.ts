// What may be done to whom: the rules of the server, so that a control can say beforehand why it cannot be used.
import type { Shape } from '$lib/api/client';

export type Person = Shape<'User'>;
export type Invitation = Shape<'Invitation'>;
export type Role = Person['role'];
export type Entry = Shape<'Chained'>;

/** All roles, the least powerful first. */
export const ROLES: readonly Role[] = ['viewer', 'member', 'operator', 'admin', 'owner'];

/** Whether a role may more than another. */
export function isAbove(role: Role, other: Role): boolean {
  return ROLES.indexOf(role) > ROLES.indexOf(other);
}

/** Why somebody cannot be changed; null where nothing stands against it. The words are `people.why.<reason>`. */
export type Reason = 'above' | 'last_owner' | 'oneself';

interface Asked {
  person: Person;
  /** The role of who asks. */
  own: Role;
  /** All people, as far as they are known. */
  people: readonly Person[];
  /** Whether all of them are known. */
  isComplete: boolean;
}

/** Whether this is the only owner who can sign in. The server counts too: where not all are known, it decides. */
export function isLastOwner({ person, people, isComplete }: Omit<Asked, 'own'>): boolean {
  if (person.role !== 'owner' || !isComplete) return false;
  return !people.some((one) => one.role === 'owner' && !one.disabled && one.id !== person.id);
}

/** Why a person's role cannot be changed, or the person not be taken out. */
export function whyNotRole(asked: Asked): Reason | null {
  if (isAbove(asked.person.role, asked.own)) return 'above';
  return isLastOwner(asked) ? 'last_owner' : null;
}

/** Why an account cannot be disabled or enabled. */
export function whyNotDisable(asked: Asked & { isOneself: boolean }): Reason | null {
  if (asked.isOneself) return 'oneself';
  if (isAbove(asked.person.role, asked.own)) return 'above';
  return !asked.person.disabled && isLastOwner(asked) ? 'last_owner' : null;
}

/** When somebody last signed in, as far as the log of the workspace tells. */
export type LastSignIn = { at: string } | { before: string } | 'never' | 'unknown';

/** From the newest sign-ins of the log; `isAll`: there are no older ones. */
export function lastSignIn(person: string, entries: readonly Entry[] | undefined, isAll: boolean): LastSignIn {
  if (!entries) return 'unknown';
  const found = entries.find((entry) => entry.actor === `user:${person}`);
  if (found) return { at: found.at };
  const oldest = entries.at(-1);
  return isAll || !oldest ? 'never' : { before: oldest.at };
}

/** Parts of the list. */
export const SHOWN = ['all', 'unguarded', 'disabled', ...ROLES] as const;
export type Shown = (typeof SHOWN)[number];

/** A word of the address as a part of the list. */
export function shownOf(word: string): Shown {
  return SHOWN.find((one) => one === word) ?? 'all';
}

/** The people that fit what was typed (name or address) and the part that was chosen. */
export function fitting(people: readonly Person[], typed: string, shown: Shown): readonly Person[] {
  const plain = (text: string) => text.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '');
  const sought = plain(typed).split(/\s+/).filter(Boolean);
  if (!sought.length && shown === 'all') return people;
  return people.filter((person) => {
    const text = plain(`${person.name} ${person.email}`);
    if (!sought.every((word) => text.includes(word))) return false;
    if (shown === 'all') return true;
    if (shown === 'unguarded') return !person.totp;
    if (shown === 'disabled') return person.disabled;
    return person.role === shown;
  });
}

/** Whether an invitation's link opens nothing any more. */
export function isOver(invitation: Pick<Invitation, 'expires_at'>, now: number): boolean {
  return new Date(invitation.expires_at).getTime() <= now;
}
