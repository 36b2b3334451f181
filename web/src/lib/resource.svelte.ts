// Something that the server has: asked for, shown, asked again. What was there stays on the page while the next answer comes.
import { asRefusal, type Refusal } from './api/problem';

/** Questions that a server may have left unanswered while it was away. */
const asked = new Set<WeakRef<{ refusal: Refusal | undefined; load: () => Promise<void> }>>();
globalThis.addEventListener?.('returned', () => {
  for (const one of asked) {
    const open = one.deref();
    if (!open) asked.delete(one);
    else if (open.refusal?.isOffline) void open.load();
  }
});

export class Resource<Value> {
  value = $state.raw<Value | undefined>(undefined);
  refusal = $state.raw<Refusal | undefined>(undefined);
  isWaiting = $state(false);
  readonly #ask: (signal: AbortSignal) => Promise<Value>;
  #abort: AbortController | undefined;

  constructor(ask: (signal: AbortSignal) => Promise<Value>) {
    this.#ask = ask;
    asked.add(new WeakRef(this));
  }

  /** Asks; an older question that is still open is dropped. */
  load = async (): Promise<void> => {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.isWaiting = true;
    try {
      const value = await this.#ask(abort.signal);
      if (abort.signal.aborted) return;
      this.value = value;
      this.refusal = undefined;
    } catch (thrown) {
      if (abort.signal.aborted) return;
      this.refusal = asRefusal(thrown);
    }
    this.isWaiting = false;
  };
}

interface Page<Row> {
  items: Row[];
  next?: string | null | undefined;
}

/** A list that the server gives in pages. */
export class Pages<Row> {
  refusal = $state.raw<Refusal | undefined>(undefined);
  isWaiting = $state(false);
  /** Whether the first page has come. */
  isKnown = $state(false);
  isComplete = $state(false);
  readonly #ask: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Row>>;
  // One array that grows, and a number that says so: copying a hundred thousand rows for each page would be felt.
  #rows: Row[] = [];
  #version = $state(0);
  #cursor: string | undefined;
  #abort: AbortController | undefined;

  constructor(ask: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Row>>) {
    this.#ask = ask;
    asked.add(new WeakRef(this));
  }

  /** What is there so far; the same array as long as it only grows. */
  get rows(): readonly Row[] {
    void this.#version;
    return this.#rows;
  }

  /** From the beginning. The rows that are shown stay until the first page is there. */
  load = (): Promise<void> => {
    this.#abort?.abort();
    this.#cursor = undefined;
    this.isComplete = false;
    this.isWaiting = false;
    return this.#next(true);
  };

  /** The next page, if there is one and none is on its way. */
  more = async (): Promise<void> => {
    if (this.isWaiting || this.isComplete || !this.isKnown) return;
    await this.#next(false);
  };

  /** Changes rows that are there: after an event, or an action of the person. */
  change(change: (rows: readonly Row[]) => Row[]): void {
    this.#rows = change(this.#rows);
    this.#version += 1;
  }

  async #next(isFirst: boolean): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    this.isWaiting = true;
    try {
      const page = await this.#ask(this.#cursor, abort.signal);
      if (abort.signal.aborted) return;
      if (isFirst) this.#rows = page.items;
      else for (const row of page.items) this.#rows.push(row);
      this.#version += 1;
      this.#cursor = page.next ?? undefined;
      this.isComplete = !page.next;
      this.isKnown = true;
      this.refusal = undefined;
    } catch (thrown) {
      if (abort.signal.aborted) return;
      this.refusal = asRefusal(thrown);
    }
    this.isWaiting = false;
  }
}
