// Who, what and to what, as the reader calls them.
import { names } from '$lib/names.svelte';
import { say, words } from '$lib/words.svelte';
import { details, parts, programOf } from './audit';
import type { Entry } from './chain';

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

/** What a detail is called. */
export const detailInWords = (name: string): string => (words.has(`audit.detail.${name}`) ? say(`audit.detail.${name}`) : name);

/** What a detail says: roles, kinds and languages by their names. */
export const valueInWords = (value: string): string => (words.has(`audit.value.${value}`) ? say(`audit.value.${value}`) : value);

/** The one thing about an entry that a row has room for: the name it gives, from what to what, or the first of its details. */
export function gist(entry: Pick<Entry, 'detail'>): string {
  const all = new Map(details(entry.detail));
  const of = (name: string) => valueInWords(all.get(name) ?? '');
  if (all.has('from') && all.has('to')) return `${of('from')} → ${of('to')}`;
  if (all.has('name') && all.get('name') !== '✓') return [all.get('name'), all.get('scopes')].filter(Boolean).join(' · ');
  if (all.has('role')) return of('role');
  if (all.has('client')) return programOf(all.get('client') ?? '');
  const rest = [...all].filter(([name]) => name !== 'user');
  return rest.map(([name, value]) => (value === '✓' ? detailInWords(name) : `${detailInWords(name)} ${valueInWords(value)}`)).join(' · ');
}
