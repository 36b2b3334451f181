// Light, dark, or as the system says.
export type Theme = 'system' | 'light' | 'dark';
const KEY = 'aplomb.theme';

class Look {
  chosen = $state<Theme>((globalThis.localStorage?.getItem(KEY) as Theme | null) ?? 'system');
  #system = $state(globalThis.matchMedia?.('(prefers-color-scheme: dark)').matches ?? false);

  /** What is shown now. */
  get theme(): 'light' | 'dark' {
    if (this.chosen !== 'system') return this.chosen;
    return this.#system ? 'dark' : 'light';
  }

  begin(): void {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (event) => (this.#system = event.matches));
    this.#apply();
  }

  choose(theme: Theme): void {
    this.chosen = theme;
    localStorage.setItem(KEY, theme);
    this.#apply();
  }

  #apply(): void {
    if (this.chosen === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = this.chosen;
  }
}

export const look = new Look();
