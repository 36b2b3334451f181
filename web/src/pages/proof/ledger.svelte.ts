// What the server knows of proofs: the records, the checks, and the jobs that ran them. Asked for once, and again when a run has ended.
import { get } from '$lib/api/call';
import type { Shape } from '$lib/api/client';
import { names } from '$lib/names.svelte';
import { Resource } from '$lib/resource.svelte';
import { session } from '$lib/session.svelte';
import { idOf, type Check, type Line, type Report } from './standing';

export type Job = Shape<'Job'>;
const KIND = 'proof.run';

/** Whether a job has not ended yet. */
export function isOpen(job: Job): boolean {
  return job.state === 'waiting' || job.state === 'running';
}

export class Ledger {
  /** The records, newest first. */
  readonly list = new Resource<Line[]>(async (signal) => (await get<Shape<'Listed_ProofLine'>>('/api/v1/proof', { limit: 200 }, signal)).items);
  readonly checks = new Resource<Check[]>(async (signal) => (await get<Shape<'ChecksShown'>>('/api/v1/proof/checks', {}, signal)).items);
  readonly jobs = new Resource<Job[]>(async (signal) => {
    if (!session.can('jobs:read')) return [];
    return (await get<Shape<'Listed_Job'>>('/api/v1/jobs', { kind: KIND, limit: 200 }, signal)).items;
  });
  // Not state: it only spares questions.
  readonly #records = new Map<string, Promise<Report>>();

  /** The run that is not over, if there is one. */
  readonly running = $derived(this.jobs.value?.find(isOpen));

  /** A record. It never changes, so it is asked for once. */
  record(id: string): Promise<Report> {
    const known = this.#records.get(id);
    if (known) return known;
    const asked = get<Report>(`/api/v1/proof/${encodeURIComponent(id)}`);
    this.#records.set(id, asked);
    asked.catch(() => this.#records.delete(id));
    return asked;
  }

  /** The job that made a record, where it is still known. */
  jobOf(record: { started_at: string; ended_at: string }): Job | undefined {
    return this.jobs.value?.find((job) => job.started_at && job.started_at <= record.started_at && (!job.finished_at || job.finished_at >= record.ended_at));
  }

  /** The record that a job made. */
  recordOf(job: Job): Line | undefined {
    const { started_at: from, finished_at: to } = job;
    return from && to ? this.list.value?.find((line) => line.started_at >= from && line.ended_at <= to) : undefined;
  }

  /** Who asked for a run, by name where the reader may know it. */
  whoOf(job: Job): string | undefined {
    if (!job.user) return undefined;
    if (session.me?.user?.id === job.user) return session.me.user.name;
    void names.load();
    return names.of(`user:${job.user}`);
  }

  /** The records before one, newest first. */
  before(record: { started_at: string }): Line[] {
    const id = idOf(record.started_at);
    return (this.list.value ?? []).filter((line) => line.id < id);
  }
}
