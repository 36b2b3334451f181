// Who stands behind an id: the people and keys of the workspace by name, for lists that know them by id alone.
import { get } from './api/call';
import type { Shape } from './api/client';
import { session } from './session.svelte';

/** Pages of people that are asked for at most: some thousand names are enough for a list. */
const MOST_PAGES = 20;

class Names {
  #known = $state.raw<ReadonlyMap<string, string>>(new Map());
  #asked: Promise<void> | undefined;

  /** Asks for them once, as far as the person may read them. What cannot be had stays an id. */
  load(): Promise<void> {
    this.#asked ??= this.#load();
    return this.#asked;
  }

  /** The name of `user:ID` or `key:ID`, where it is known. */
  of(whom: string): string | undefined {
    return this.#known.get(whom);
  }

  /** All of one kind: `user` or `key`. */
  all(kind: 'user' | 'key'): { id: string; name: string }[] {
    return [...this.#known].filter(([id]) => id.startsWith(`${kind}:`)).map(([id, name]) => ({ id, name }));
  }

  /** Forgets what was asked: somebody came, went or was renamed. */
  forget(): void {
    this.#asked = undefined;
  }

  async #load(): Promise<void> {
    const known = new Map<string, string>();
    await Promise.all([session.can('users:read') && this.#people(known), session.can('keys:read') && this.#keys(known)]).catch(() => undefined);
    this.#known = known;
  }

  async #people(known: Map<string, string>): Promise<void> {
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { items, next } = await get<Shape<'Listed_User'>>('/api/v1/users', { limit: 200, cursor });
      for (const person of items) known.set(`user:${person.id}`, person.name || person.email);
      if (!next) return;
      cursor = next;
    }
  }

  async #keys(known: Map<string, string>): Promise<void> {
    const { items } = await get<Shape<'Listed_Key'>>('/api/v1/keys', { limit: 200 });
    for (const key of items) known.set(`key:${key.id}`, key.name);
  }
}

export const names = new Names();
