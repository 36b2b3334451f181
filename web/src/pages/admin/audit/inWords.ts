// Who, what and to what, as the reader calls them.
import { names } from '$lib/names.svelte';
import { say, words } from '$lib/words.svelte';
import { parts } from './audit';

/** What was done; its own name where there are no words for it. */
export function actionInWords(action: string): string {
  return words.has(`audit.action.${action}`) ? say(`audit.action.${action}`) : action;
}

/** Who did it. */
export function whoInWords(actor: string): string {
  const known = names.of(actor);
  if (known) return actor.startsWith('key:') ? say('audit.by_key', { name: known }) : known;
  const { kind } = parts(actor);
  return words.has(`audit.actor.${kind}`) ? say(`audit.actor.${kind}`) : actor;
}

/** To what it was done. */
export function subjectInWords(subject: string): string {
  const known = names.of(subject);
  if (known) return known;
  const { kind } = parts(subject);
  return words.has(`audit.subject.${kind}`) ? say(`audit.subject.${kind}`) : kind;
}

/** Where one sees it, if anywhere. */
export function placeOf(subject: string): string | undefined {
  const { kind, id } = parts(subject);
  if (!names.of(subject)) return undefined;
  if (kind === 'user') return `/admin/people?selected=${id}`;
  return kind === 'key' ? `/admin/keys?selected=${id}` : undefined;
}
