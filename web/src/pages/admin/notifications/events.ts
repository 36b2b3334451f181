// The events that a webhook can be told of. The server refuses others, so the list is the document's.
import type { Shape } from '$lib/api/client';
import { say } from '$lib/words.svelte';

export type Event = Shape<'EventWord'>;
/** One by one; `jobs.*` is all three, `*` all that there will be. */
export const EVENTS = ['jobs.done', 'jobs.failed', 'jobs.cancelled'] as const satisfies readonly Event[];

/** Words of the API from what was ticked. */
export function toWords(all: boolean, ticked: readonly Event[]): Event[] {
  if (all) return ['*'];
  return EVENTS.every((one) => ticked.includes(one)) ? ['jobs.*'] : EVENTS.filter((one) => ticked.includes(one));
}

/** What is ticked, from words of the API. */
export function fromWords(words: readonly string[]): { all: boolean; ticked: Event[] } {
  if (words.includes('*')) return { all: true, ticked: [...EVENTS] };
  return { all: false, ticked: EVENTS.filter((one) => words.includes(one) || words.includes('jobs.*')) };
}

/** The same in the reader's language. */
export function eventsInWords(words: readonly string[]): string {
  const { all, ticked } = fromWords(words);
  if (all) return say('notifications.event.*');
  if (ticked.length === EVENTS.length) return say('notifications.event.jobs.*');
  return ticked.map((one) => say(`notifications.event.${one}`)).join(', ');
}
