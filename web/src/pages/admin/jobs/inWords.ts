// Kinds, states and people of jobs as the reader calls them.
import { names } from '$lib/names.svelte';
import type { Kind } from '$lib/ui/State.svelte';
import { say, words } from '$lib/words.svelte';
import type { Job } from './jobs';

/** What a kind of job does; its own name where there are no words for it. */
export function kindInWords(kind: string): string {
  return words.has(`jobs.kind.${kind}`) ? say(`jobs.kind.${kind}`) : kind;
}

/** The sign of a state. */
export function signOf(state: string): Kind {
  const signs: Record<string, Kind> = { waiting: 'idle', running: 'busy', done: 'good', failed: 'bad', cancelled: 'warn' };
  return signs[state] ?? 'idle';
}

/** Who asked for it. */
export function whose(job: Pick<Job, 'user'>): string {
  return job.user ? (names.of(`user:${job.user}`) ?? say('jobs.somebody')) : say('jobs.nobody');
}
