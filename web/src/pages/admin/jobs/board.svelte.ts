// The list of jobs, kept true by what is told live.
import { get } from '$lib/api/call';
import type { Shape } from '$lib/api/client';
import { live, type News } from '$lib/live.svelte';
import { Pages } from '$lib/resource.svelte';
import { fits, isEnded, merged, patched, refreshed, unknown, type Job, type State, type Told } from './jobs';

/** Changes of so long are drawn at once. */
const GATHER_MS = 250;
/** Jobs that are asked for one by one; beyond that the list's head is. */
const MOST_SINGLE = 6;

export class Board {
  readonly pages: Pages<Job>;
  /** Newer jobs that are not in the list yet: nothing is put above what one reads until one asks. */
  unseen = $state(0);
  readonly #kind: string;
  readonly #state: State | null;
  #told = new Map<string, Told & { kind?: string }>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(kind: string, state: State | null) {
    this.#kind = kind;
    this.#state = state;
    this.pages = new Pages<Job>((cursor, signal) => get<Shape<'Listed_Job'>>('/api/v1/jobs', { kind, state, limit: cursor ? 200 : 50, cursor }, signal));
  }

  /** An event of the workspace. */
  hear = (news: News | 'reset'): void => {
    if (news === 'reset') {
      live.calmly('jobs', () => void this.#head());
      return;
    }
    if (!news.subject) return;
    this.#told.set(news.subject, { ...this.#told.get(news.subject), ...(news.data as Told) });
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      live.calmly('jobs', this.#apply);
    }, GATHER_MS);
  };

  /** Shows the newer jobs that wait. */
  show = async (): Promise<void> => {
    scrollTo({ top: 0 });
    await this.#head(true);
  };

  /** Puts a job's whole answer in its place; one that is new comes first. */
  put(job: Job): void {
    this.pages.change((rows) => (rows.some((row) => row.id === job.id) ? refreshed(rows, [job]) : [job, ...rows]));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #apply = (): void => {
    const told = this.#told;
    this.#told = new Map();
    const ended: string[] = [];
    let isChanged = false;
    const rows = this.pages.rows.map((row) => {
      const news = told.get(row.id);
      if (!news) return row;
      told.delete(row.id);
      isChanged = true;
      // Results, errors and times are not told.
      if (isEnded(news.state ?? '') || news.state !== row.state) ended.push(row.id);
      return patched(row, news);
    });
    if (isChanged) this.pages.change(() => rows);
    const isNew = [...told.values()].some((one) => fits(one, this.#kind, this.#state));
    // In a part of the list a change of state also means that a row comes or goes.
    if (isNew || ended.length > MOST_SINGLE || (this.#state && ended.length)) void this.#head();
    else for (const id of ended) void this.#one(id);
  };

  async #one(id: string): Promise<void> {
    const job = await get<Job>(`/api/v1/jobs/${id}`).catch(() => undefined);
    if (job) this.pages.change((rows) => refreshed(rows, [job]));
  }

  async #head(isWanted = false): Promise<void> {
    const page = await get<Shape<'Listed_Job'>>('/api/v1/jobs', { kind: this.#kind, state: this.#state, limit: 200 }).catch(() => undefined);
    if (!page) return;
    const rows = this.pages.rows;
    const added = unknown(rows, page.items);
    if (!isWanted && added && rows.length) {
      this.unseen = added;
      this.pages.change(() => refreshed(rows, page.items));
      return;
    }
    this.unseen = 0;
    // More than a page came since: what lies between is not known, so the list begins anew.
    if (added === page.items.length && rows.length && page.next) await this.pages.load();
    else this.pages.change(() => merged(rows, page.items, !page.next));
  }
}
