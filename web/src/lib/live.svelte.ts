// What happens in the workspace, live. Updates yield to the reader: while he types, points at a row, or looks elsewhere, they wait.
import { follow } from './api/stream';
import { session } from './session.svelte';

/** An event as the server tells it. */
export interface News {
  id: string;
  kind: string;
  subject: string | null;
  at: string;
  data: unknown;
}

type Listener = (news: News | 'reset') => void;
const EDITABLE = 'input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable]';

class Live {
  /** Updates that wait for the reader. */
  waiting = $state(0);
  /** Why they wait. */
  reason = $state<'typing' | 'pointing' | 'hidden' | null>(null);
  /** Whether the stream is open. */
  isOpen = $state(false);
  #listeners = new Map<Listener, string[]>();
  #queue = new Map<string, () => void>();
  #abort: AbortController | undefined;
  #isPointing = false;

  /** Begins to watch the reader. */
  begin(): void {
    addEventListener('pointerover', (event) => {
      // A finger does not rest on a row.
      this.#isPointing = event.pointerType === 'mouse' && event.target instanceof Element && !!event.target.closest('[data-row], tbody tr');
      this.#look();
    });
    document.addEventListener('pointerleave', () => {
      this.#isPointing = false;
      this.#look();
    });
    for (const kind of ['focusin', 'focusout', 'visibilitychange']) document.addEventListener(kind, () => queueMicrotask(() => this.#look()));
  }

  /** Hears events of these kinds (`jobs.done`, `jobs.*`) until the returned function is called: for use in `$effect`. */
  hear(kinds: string[], listener: Listener): () => void {
    this.#listeners.set(listener, kinds);
    this.#open();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#close();
    };
  }

  /** Applies a change when the reader is calm: at once, or later; of several with the same key the last one counts. */
  calmly(key: string, change: () => void): void {
    if (this.reason === null) {
      change();
      return;
    }
    this.#queue.delete(key);
    this.#queue.set(key, change);
    this.waiting = this.#queue.size;
  }

  /** Applies what waits, because the reader asked for it. */
  flush = (): void => {
    const changes = [...this.#queue.values()];
    this.#queue.clear();
    this.waiting = 0;
    for (const change of changes) change();
  };

  #look(): void {
    const isTyping = document.activeElement?.matches(EDITABLE) ?? false;
    this.reason = document.hidden ? 'hidden' : isTyping ? 'typing' : this.#isPointing ? 'pointing' : null;
    if (this.reason === null && this.#queue.size) this.flush();
  }

  #open(): void {
    if (this.#abort || !session.me || !session.can('events:read')) return;
    const abort = new AbortController();
    this.#abort = abort;
    const onTold = (told: { event: string; data: string }) =>
      told.event === 'end' ? undefined : this.#tell(told.event === 'reset' ? 'reset' : (JSON.parse(told.data) as News));
    const stream = { address: '/api/v1/events', signal: abort.signal, onTold };
    // Refused for good (signed out, say): the page shows what it has, and the banner says the rest.
    void follow({ ...stream, onOpen: () => (this.isOpen = true), onBroken: () => (this.isOpen = false) }).catch(() => this.#close());
  }

  #close(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.isOpen = false;
  }

  #tell(news: News | 'reset'): void {
    for (const [listener, kinds] of [...this.#listeners]) {
      const isMeant = news === 'reset' || kinds.some((kind) => kind === news.kind || (kind.endsWith('.*') && news.kind.startsWith(kind.slice(0, -1))));
      if (isMeant) listener(news);
    }
  }
}

export const live = new Live();
if (typeof document !== 'undefined') live.begin();
