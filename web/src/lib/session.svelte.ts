// Who is signed in, in which workspace, and what he may do there.
// Without the typed client: the shell asks two things only, and comes first.
import type { components } from './api/schema';
import { asRefusal, refusal } from './api/problem';
import { send } from './api/send';
import { language } from './language.svelte';

export type Me = components['schemas']['Me'];
const VERBS = ['read', 'write', 'admin'];
const KEY = 'aplomb.workspace';

class Session {
  me = $state<Me | null>(null);
  /** Whether the first question has been answered. */
  isKnown = $state(false);
  /** The sign-in ended while the page was open. */
  isExpired = $state(false);
  /** The last call reached no server. */
  isOffline = $state(false);
  /** The workspace in which calls act; null lets the server take the person's first. */
  workspace = $state<string | null>(globalThis.localStorage?.getItem(KEY) ?? null);

  /** Asks the server. */
  async look(): Promise<void> {
    try {
      const answer = await send(new Request('/api/v1/auth/me'));
      const body: unknown = await answer.json();
      if (!answer.ok) throw refusal(answer, body);
      this.me = body as Me;
      this.isExpired = false;
    } catch (thrown) {
      const refusal = asRefusal(thrown);
      // A workspace that is gone, or that the person has left: back to his own.
      if (this.workspace && (refusal.status === 403 || refusal.status === 404)) {
        this.#keep(null);
        await this.look();
        return;
      }
      // Nobody answered: who one is stays unknown, not nobody.
      if (refusal.isOffline) return;
      this.me = null;
    }
    this.isKnown = true;
  }

  /** Whether the server is back; then what it did not answer is asked for anew, and nothing that was typed is lost. */
  async knock(): Promise<void> {
    const answer = await fetch('/livez').catch(() => undefined);
    if (!answer?.ok) return;
    this.isOffline = false;
    await this.look();
    dispatchEvent(new Event('returned'));
  }

  /** Whether a scope is granted: `luna:read` is part of `luna:write`, and that of `luna:admin`. */
  can(scope: string): boolean {
    const [room, verb] = scope.split(':');
    return (this.me?.scopes ?? []).some((one) => {
      const [grantedRoom, granted] = one.split(':');
      return (grantedRoom === room || grantedRoom === '*') && VERBS.indexOf(granted ?? '') >= VERBS.indexOf(verb ?? '');
    });
  }

  /** The workspace as its members call it. */
  get place(): Me['workspaces'][number] | undefined {
    return this.me?.workspaces.find((one) => one.id === this.me?.workspace);
  }

  async enter(workspace: string): Promise<void> {
    this.#keep(workspace);
    await this.look();
  }

  /** Ends the sign-in here and on the server. */
  async leave(): Promise<void> {
    await send(new Request('/api/v1/auth/logout', { method: 'POST' })).catch(() => undefined);
    this.#keep(null);
    location.assign(`/sign-in?lang=${language.code}`);
  }

  #keep(workspace: string | null): void {
    this.workspace = workspace;
    if (workspace) localStorage.setItem(KEY, workspace);
    else localStorage.removeItem(KEY);
  }
}

export const session = new Session();

/** Where one signs in, to come back here. */
export function signIn(): string {
  return `/sign-in?lang=${language.code}&next=${encodeURIComponent(location.pathname + location.search)}`;
}
