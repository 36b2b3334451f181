// What the server says of its settings, in French: it says it in English alone. By key, sections in brackets.
import { language } from '$lib/language.svelte';
import type { Section } from './configuration';

let texts = $state.raw<ReadonlyMap<string, string>>(new Map());
const said = $derived(new Set(texts.values()));

/** Loads the French texts, where French is read. */
export async function learn(): Promise<void> {
  if (language.code !== 'fr' || texts.size) return;
  const { default: loaded } = await import('./settings.fr.json');
  texts = new Map(Object.entries(loaded));
}

/** The sections in the reader's language; a setting that has no French text, as of a newer server, keeps the server's own. */
export function inWords(sections: readonly Section[]): Section[] {
  if (language.code !== 'fr') return [...sections];
  return sections.map((section) => ({
    ...section,
    about: texts.get(section.name && `[${section.name}]`) ?? section.about,
    settings: section.settings.map((one) => ({ ...one, about: texts.get(one.key) ?? one.about })),
  }));
}

/** Whether a text is one of the French ones. */
export const isFrench = (text: string): boolean => said.has(text);
