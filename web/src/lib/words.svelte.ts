// What the console says. Catalogues are flat: key to text, with `{name}` for what is filled in; a page's catalogue is loaded with it.
import { language, type Code } from './language.svelte';
import { leastRole } from './role';

export type Catalogue = Record<string, string>;
type Loader = Record<Code, () => Promise<{ default: Catalogue }>>;
type Values = Record<string, string | number>;

class Words {
  #texts = $state.raw<Record<Code, Catalogue>>({ en: {}, fr: {} });
  #loaders = new Set<Loader>();

  /** Loads a catalogue in the language in force, and in others when they are chosen. */
  async add(loader: Loader): Promise<void> {
    this.#loaders.add(loader);
    await this.#load(loader, language.code);
  }

  /** Loads what is missing, then changes the language: nothing is ever shown in two. */
  async change(code: Code): Promise<void> {
    await Promise.all([...this.#loaders].map((loader) => this.#load(loader, code)));
    language.choose(code);
    document.documentElement.lang = code;
  }

  async #load(loader: Loader, code: Code): Promise<void> {
    const { default: texts } = await loader[code]();
    this.#texts = { ...this.#texts, [code]: { ...this.#texts[code], ...texts } };
  }

  /** The text of a key; the key itself where there is none, so that a fault is seen. */
  say(key: string, values?: Values): string {
    const text = this.#texts[language.code][key];
    if (text === undefined) return key;
    if (!values) return text;
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      // A scope is said as those who hold it.
      return name === 'scope' ? this.say(`session.needs.${leastRole(String(value))}`) : String(value ?? whole);
    });
  }

  /** Whether there is a text for it. */
  has(key: string): boolean {
    return this.#texts[language.code][key] !== undefined;
  }

  /** `key.one` or `key.other` by the language's own rule, with `{count}` filled in as a number of that language. */
  count(key: string, count: number, values?: Values): string {
    const rule = new Intl.PluralRules(language.code).select(count) === 'one' ? 'one' : 'other';
    return this.say(`${key}.${rule}`, { count: new Intl.NumberFormat(language.code).format(count), ...values });
  }
}

export const words = new Words();
/** Short, as it stands in every line of a template. */
export const say = (key: string, values?: Values): string => words.say(key, values);
export const count = (key: string, number: number, values?: Values): string => words.count(key, number, values);
