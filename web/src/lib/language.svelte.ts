// French or English: what the person chose, else what the browser prefers.

export type Code = 'en' | 'fr';
const KEY = 'aplomb.language';

function preferred(): Code {
  const chosen = globalThis.localStorage?.getItem(KEY);
  if (chosen === 'en' || chosen === 'fr') return chosen;
  for (const tag of globalThis.navigator?.languages ?? []) {
    if (tag.startsWith('fr')) return 'fr';
    if (tag.startsWith('en')) return 'en';
  }
  return 'en';
}

class Language {
  code = $state<Code>(preferred());

  /** Whether the person chose it here, rather than the browser. */
  get isChosen(): boolean {
    return localStorage.getItem(KEY) !== null;
  }

  choose(code: Code): void {
    localStorage.setItem(KEY, code);
    this.code = code;
  }
}

export const language = new Language();
