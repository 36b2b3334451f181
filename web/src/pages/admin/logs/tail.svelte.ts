// The lines that fit a filter: older ones by cursor, newer ones as they come. New lines wait while the reader must not be disturbed.
import { get } from '$lib/api/call';
import { asRefusal, type Refusal } from '$lib/api/problem';
import { isOwn, joined, MOST_LINES, type Level, type Line, type Lines } from './logs';

const FIRST = 200;
/** As many as the server gives at once. */
const MOST = 500;
const MOST_SHOWN = MOST_LINES * 2;

/** What may be over by itself: no server, or one (or a proxy before it) that cannot answer now. */
function isPassing(refusal: Refusal | undefined): boolean {
  return !refusal || refusal.isOffline || refusal.status >= 500;
}

export class Tail {
  /** Newest first, as the server told them. */
  #all: Line[] = [];
  #waiting: Line[] = [];
  #version = $state(0);
  refusal = $state.raw<Refusal | undefined>(undefined);
  isWaiting = $state(false);
  isKnown = $state(false);
  isComplete = $state(false);
  /** Lines came and went faster than they were asked for. */
  hasGap = $state(false);
  /** The server did not answer when it was asked for new lines. */
  isAway = $state(false);
  #cursor: string | undefined;
  #after: string | undefined;
  #abort = new AbortController();
  readonly #filter: { level: Level | null; q: string };
  readonly #isOwnShown: boolean;

  constructor(level: Level | null, q: string, isOwnShown: boolean) {
    this.#filter = { level, q };
    this.#isOwnShown = isOwnShown;
  }

  readonly #rows = $derived.by(() => {
    void this.#version;
    return this.#isOwnShown ? this.#all.slice() : this.#all.filter((line) => !isOwn(line));
  });

  /** What is shown. */
  get rows(): readonly Line[] {
    return this.#rows;
  }

  /** Lines that are left out because they only tell of reading this log. */
  get leftOut(): number {
    void this.#version;
    return this.#all.length - this.#rows.length;
  }

  /** New lines that wait for the reader. */
  get waiting(): number {
    void this.#version;
    return this.#isOwnShown ? this.#waiting.length : this.#waiting.reduce((sum, line) => sum + (isOwn(line) ? 0 : 1), 0);
  }

  /** From the newest. What is shown stays until it is there. */
  load = async (): Promise<void> => {
    this.#abort.abort();
    this.#abort = new AbortController();
    await this.#ask({ limit: FIRST }, (page) => {
      this.#all = page.items;
      this.#waiting = [];
      this.#after = page.after;
      this.isKnown = true;
      this.#older(page);
    });
  };

  /** Older lines. */
  more = async (): Promise<void> => {
    if (this.isWaiting || this.isComplete || !this.isKnown) return;
    await this.#ask({ limit: MOST, cursor: this.#cursor }, (page) => {
      this.#all.push(...page.items);
      this.#older(page);
    });
  };

  /** What came since; `isCalm` says whether it may be put before the reader now. */
  async follow(isCalm: () => boolean): Promise<void> {
    if (!this.#after) {
      // The first answer did not come: the server may be back.
      if (!this.isWaiting && isPassing(this.refusal)) await this.load();
      return;
    }
    const { signal } = this.#abort;
    try {
      for (let count = MOST; count === MOST; ) {
        const page: Lines = await get<Lines>('/api/v1/logs', { ...this.#filter, limit: MOST, after: this.#after }, signal);
        if (signal.aborted) return;
        count = page.items.length;
        this.#after = page.after;
        this.hasGap ||= page.has_gap;
        if (count) this.#waiting = this.#waiting.concat(page.items).slice(-MOST_LINES);
      }
      this.refusal = undefined;
      this.isAway = false;
    } catch (thrown) {
      if (signal.aborted) return;
      const refusal = asRefusal(thrown);
      if (isPassing(refusal)) this.isAway = true;
      else this.refusal = refusal;
      throw thrown;
    } finally {
      if (isCalm()) this.show();
      else this.#version += 1;
    }
  }

  /** Puts what waits before the rest. */
  show = (): void => {
    if (!this.#waiting.length) return;
    const length = this.#all.length + this.#waiting.length;
    this.#all = joined(this.#all, this.#waiting, MOST_SHOWN);
    // What was let go can be asked for again.
    if (length > MOST_SHOWN) [this.#cursor, this.isComplete] = [this.#all.at(-1)?.id, false];
    this.#waiting = [];
    this.#version += 1;
  };

  stop(): void {
    this.#abort.abort();
  }

  #older(page: Lines): void {
    this.#cursor = page.next ?? undefined;
    this.isComplete = !page.next;
    this.#version += 1;
  }

  async #ask(range: { limit: number; cursor?: string | undefined }, take: (page: Lines) => void): Promise<void> {
    const { signal } = this.#abort;
    this.isWaiting = true;
    try {
      const page = await get<Lines>('/api/v1/logs', { ...this.#filter, ...range }, signal);
      if (signal.aborted) return;
      take(page);
      this.refusal = undefined;
    } catch (thrown) {
      if (signal.aborted) return;
      this.refusal = asRefusal(thrown);
    }
    this.isWaiting = false;
  }
}
