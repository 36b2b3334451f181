import { describe, expect, test } from 'vitest';
import { fitting, isLastOwner, isOver, lastSignIn, shownOf, whyNotDisable, whyNotRole, type Entry, type Person, type Role } from './people';

const person = (id: string, role: Role, more: Partial<Person> = {}): Person =>
  ({ id, email: `${id}@example.org`, name: id, role, language: 'en', totp: true, password: true, disabled: false, joined_at: '2026-01-01T00:00:00.000Z', ...more }) as Person;
const ada = person('ada', 'owner');
const zoe = person('zoé', 'admin', { totp: false });
const max = person('max', 'owner', { disabled: true });

describe('who may be changed', () => {
  test('the last owner who can sign in stays, a disabled one does not count', () => {
    const people = [ada, zoe, max];
    expect(isLastOwner({ person: ada, people, isComplete: true })).toBe(true);
    expect(whyNotRole({ person: ada, own: 'owner', people, isComplete: true })).toBe('last_owner');
    expect(whyNotRole({ person: ada, own: 'owner', people: [...people, person('eve', 'owner')], isComplete: true })).toBeNull();
  });
  test('while not all people are known, the server decides', () => {
    expect(whyNotRole({ person: ada, own: 'owner', people: [ada], isComplete: false })).toBeNull();
  });
  test('nobody touches somebody above, nor disables himself', () => {
    expect(whyNotRole({ person: ada, own: 'admin', people: [ada], isComplete: true })).toBe('above');
    expect(whyNotDisable({ person: zoe, own: 'admin', people: [ada, zoe], isComplete: true, isOneself: true })).toBe('oneself');
    expect(whyNotDisable({ person: max, own: 'owner', people: [ada, max], isComplete: true, isOneself: false })).toBeNull();
  });
});

test('a list is searched without accents, by name and address', () => {
  expect(fitting([ada, zoe, max], 'ZOE', 'all')).toEqual([zoe]);
  expect(fitting([ada, zoe, max], 'example.org a', 'owner')).toEqual([ada, max]);
  expect(fitting([ada, zoe, max], '', 'unguarded')).toEqual([zoe]);
  expect(fitting([ada, zoe, max], '', 'disabled')).toEqual([max]);
  expect(shownOf('nonsense')).toBe('all');
});

test('the last sign-in is told only as far as the log reaches', () => {
  const entries = [{ actor: 'user:ada', at: '2026-02-02' }, { actor: 'user:zoé', at: '2026-01-01' }] as Entry[];
  expect(lastSignIn('ada', entries, false)).toEqual({ at: '2026-02-02' });
  expect(lastSignIn('max', entries, false)).toEqual({ before: '2026-01-01' });
  expect(lastSignIn('max', entries, true)).toBe('never');
  expect(lastSignIn('max', undefined, true)).toBe('unknown');
});

test('an invitation is over from its end on', () => {
  expect(isOver({ expires_at: '2026-01-01T00:00:00.000Z' }, Date.parse('2026-01-01T00:00:00.000Z'))).toBe(true);
  expect(isOver({ expires_at: '2026-01-02T00:00:00.000Z' }, Date.parse('2026-01-01T00:00:00.000Z'))).toBe(false);
});
