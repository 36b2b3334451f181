// A brand kit on its way: asked for, then followed by the events of its job until it has ended.
import type { Shape } from '$lib/api/client';
import { follow } from '$lib/api/stream';
import { askKit, findKit } from './calls';

const ENDS = ['done', 'failed', 'cancelled'];

export class Making {
  kit = $state.raw<Shape<'Kit'> | undefined>(undefined);
  #abort: AbortController | undefined;

  /** Asks for a kit and follows it. Throws what the server refuses. */
  ask = async (body: Shape<'NewKit'>): Promise<void> => {
    this.leave();
    const abort = new AbortController();
    this.#abort = abort;
    const kit = await askKit(body);
    if (abort.signal.aborted) return;
    this.kit = kit;
    void this.#follow(kit, abort).catch(() => this.#look(kit.id, abort));
  };

  async #follow(kit: Shape<'Kit'>, abort: AbortController): Promise<void> {
    // A stream of its own within the answer's life: it ends with the job, the reader's leaving does not end the job.
    const ended = new AbortController();
    abort.signal.addEventListener('abort', () => ended.abort());
    await follow({
      address: `/api/v1/jobs/${kit.job}/events`,
      signal: ended.signal,
      onTold: ({ event, data }) => {
        if (!event.startsWith('jobs.')) return;
        const job = JSON.parse(data) as Shape<'Job'>;
        if (ENDS.includes(job.state)) {
          ended.abort();
          void this.#look(kit.id, abort);
        } else if (this.kit?.id === kit.id) {
          this.kit = { ...this.kit, state: job.state, progress: job.progress ?? null };
        }
      },
    });
  }

  async #look(kit: string, abort: AbortController): Promise<void> {
    const now = await findKit(kit, abort.signal).catch(() => undefined);
    if (now && !abort.signal.aborted) this.kit = now;
  }

  /** Follows no longer. The kit is drawn all the same. */
  leave(): void {
    this.#abort?.abort();
    this.kit = undefined;
  }
}
