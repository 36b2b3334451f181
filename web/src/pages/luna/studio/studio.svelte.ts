// The studio's state: the recipe in the address, the last picture that the server drew of it, and what it refused.
import { untrack } from 'svelte';
import { api, ask, type Shape } from '$lib/api/client';
import { asRefusal, refusal, type Refusal } from '$lib/api/problem';
import { send } from '$lib/api/send';
import { language } from '$lib/language.svelte';
import { Resource } from '$lib/resource.svelte';
import { route } from '$lib/route.svelte';
import { INKS, inksOf, LEAST, contrast, type Ink } from '../colour';
import { fromQuery, lettersAddress, markAddress, nameOf, THEMES, toQuery, type Recipe, type Theme } from '../recipe';
import { dice } from '../seeds';

/** One ink of the picture on its ground. */
export interface Figure {
  colour: string;
  contrast: number;
  least: number;
  /** The colour that was asked for, where it had to be changed, with its contrast. */
  given?: { colour: string; contrast: number };
}
export type Figures = Record<Theme, { ground: string; inks: Record<Ink, Figure> }>;

const TYPING_MS = 90;
const SETTLED_MS = 260;
/** After which a picture that could not be had is asked for again. */
const AGAIN_S = 5;

interface Lists {
  variants: Shape<'Variants'>;
  generators: Shape<'Generators'>;
}

export class Studio {
  recipe = $derived<Recipe>(fromQuery((name) => route.get(name)));
  /** What stands in the name's field while it is on its way to the address. */
  typed = $state<string | null>(null);
  /** The last recipe that the server drew, with its picture on a light ground. */
  shown = $state.raw<{ recipe: Recipe; svg: string } | undefined>(undefined);
  /** The same a moment later, for the many small pictures. */
  settled = $state.raw<Recipe | undefined>(undefined);
  refused = $state.raw<Refusal | undefined>(undefined);
  /** A name that the font was asked to write, with its refusal where it has no letters for it: marks can be drawn of such a name, lockups and kits cannot. */
  letters = $state.raw<{ name: string; fault?: string } | undefined>(undefined);
  own = $state.raw<{ key: string; inks: Record<Theme, Record<Ink, string>> } | undefined>(undefined);
  lists = new Resource<Lists>(async (signal) => {
    const [variants, generators] = await Promise.all([
      ask(api.GET('/api/v1/luna/variants', { signal })),
      ask(api.GET('/api/v1/luna/generators', { signal })),
    ]);
    return { variants, generators };
  });
  #abort: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #calm: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #probe: AbortController | undefined;
  #later: Partial<Recipe> = {};
  /** What is being typed or dragged, and the address that it wrote last: one such run is one step of the browser's history. */
  #run = { of: '', address: '' };

  /** The newest version of the drawing. */
  get newest(): number {
    return this.lists.value?.variants.version ?? 0;
  }

  /** Changes the recipe at once. A choice is a step: Back undoes it. */
  change = (values: Partial<Recipe>, { push = true } = {}): void => {
    this.#write();
    this.rest();
    route.set(toQuery({ ...this.recipe, ...values }), { push });
  };

  /** The same a moment after the last word of a person who types or drags. Colours and seeds: a step for the whole of it; a name
   *  replaces the one before, since its letters are on the way to a name and nowhere to go back to. */
  soon(values: Partial<Recipe>): void {
    if (values.name !== undefined) this.typed = values.name;
    this.#later = { ...this.#later, ...values };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#write, TYPING_MS);
  }

  /** Hands are off the field: what they write next is another step. */
  rest = (): void => {
    this.#write();
    this.#run = { of: '', address: '' };
  };

  #write = (): void => {
    clearTimeout(this.#timer);
    const later = this.#later;
    this.#later = {};
    this.typed = null;
    const of = Object.keys(later).join(' ');
    if (!of) return;
    // Who went back in between does not write over what he went back to.
    const isRun = this.#run.of === of && this.#run.address === location.search;
    route.set(toQuery({ ...this.recipe, ...later }), { push: of !== 'name' && !isRun });
    this.#run = { of, address: location.search };
  };

  /** Another seed. */
  roll = (): void => this.change({ seed: dice() });

  /** The address whose picture stands for the recipe: what the server says about it counts for all the others. */
  address = $derived(markAddress(this.recipe, { lockup: this.recipe.lockup, animated: this.recipe.animated }));

  /** Asks for the picture. An older question that is still open is dropped. */
  draw = async (): Promise<void> => {
    this.#abort?.abort();
    clearTimeout(this.#again);
    const abort = new AbortController();
    this.#abort = abort;
    const { recipe } = this;
    try {
      const answer = await send(new Request(this.address, { signal: abort.signal }));
      if (!answer.ok) throw refusal(answer, await answer.json().catch(() => undefined));
      const svg = await answer.text();
      if (abort.signal.aborted) return;
      this.refused = undefined;
      this.#settle(recipe);
      this.shown = { recipe, svg };
    } catch (thrown) {
      if (abort.signal.aborted) return;
      this.refused = asRefusal(thrown);
      // What is refused is refused in the small pictures too: those of before stay, and nothing more is asked.
      if (this.isRefused) clearTimeout(this.#calm);
      else this.#again = setTimeout(this.draw, (this.refused.retryAfter ?? AGAIN_S) * 1000);
    }
  };

  /** Hands that type are answered by the large picture; the sixty small ones follow when they rest. */
  #settle(recipe: Recipe): void {
    clearTimeout(this.#calm);
    const settle = () => {
      this.settled = recipe;
      void this.#spell(recipe);
    };
    this.#calm = setTimeout(settle, this.shown ? SETTLED_MS : 0);
  }

  /** Asks once whether the font can write the name, before anything that has it in letters. */
  async #spell(recipe: Recipe): Promise<void> {
    const name = nameOf(recipe);
    if (!name || this.letters?.name === name) return;
    this.#probe?.abort();
    this.#probe = new AbortController();
    const { signal } = this.#probe;
    try {
      // Beside the trail of calls, by the address of a picture that is shown next: the browser keeps it.
      const answer = await fetch(lettersAddress(recipe, 'light'), { signal });
      const fault = answer.status === 422 ? refusal(answer, await answer.json()).fields.get('name') : undefined;
      if ((answer.ok || fault) && !signal.aborted) this.letters = fault ? { name, fault } : { name };
    } catch {
      // Nobody answered: it stays unknown, and what has letters stays away.
    }
  }

  /** Why what has the name in letters cannot be made; nothing where it can, or where nobody knows yet. */
  get unlettered(): string | undefined {
    return this.letters?.name === nameOf(this.recipe) ? this.letters.fault : undefined;
  }

  /** The recipe that can be had now: what is refused leaves the last one that was drawn, or none. */
  taken = $derived.by<Recipe | undefined>(() => {
    const recipe = this.isRefused ? this.shown?.recipe : this.recipe;
    return recipe && { ...recipe, version: recipe.version || this.newest };
  });

  /** What decides own colours; empty where the emotion's are used. */
  ownKey = $derived.by(() => {
    const { emotion, primary, accent, version } = this.recipe;
    return primary ? [emotion, primary, accent, version].join(' ') : '';
  });

  /** Reads from a drawing what became of own colours. */
  readOwn = (): (() => void) => {
    const key = this.ownKey;
    const abort = new AbortController();
    const recipe: Recipe = { ...this.recipe, family: 'crescent', name: 'A', seed: '0' };
    const of = async (theme: Theme) => {
      // Beside the trail of calls: it is a means, not what the reader asked for.
      const answer = await fetch(markAddress(recipe, { theme, lockup: 'horizontal' }), { signal: abort.signal });
      return answer.ok ? inksOf(await answer.text()) : undefined;
    };
    void Promise.all(THEMES.map(of))
      .then(([light, dark]) => {
        if (light && dark && !abort.signal.aborted) this.own = { key, inks: { light, dark } };
      })
      .catch(() => undefined);
    return () => abort.abort();
  };

  /** Colours and contrasts on both grounds: the API's own figures, or, for own colours, those of what it drew. */
  figures = $derived.by<Figures | undefined>(() => {
    const variant = this.lists.value?.variants.variants.find((one) => one.key === this.recipe.emotion);
    const { own } = this;
    if (!variant || (this.ownKey && !own)) return undefined;
    const of = (theme: Theme) => {
      const { ground, ...body } = variant[theme];
      const ink = (name: Ink): Figure => {
        const least = LEAST[name];
        if (!this.ownKey || !own) return { colour: body[name], contrast: body.contrast[name], least };
        const colour = own.inks[theme][name];
        const given = name === 'text' ? '' : this.recipe[name];
        const figure = { colour, contrast: contrast(colour, ground), least };
        return given && given !== colour ? { ...figure, given: { colour: given, contrast: contrast(given, ground) } } : figure;
      };
      return { ground, inks: Object.fromEntries(INKS.map((name) => [name, ink(name)])) as Record<Ink, Figure> };
    };
    return { light: of('light'), dark: of('dark') };
  });

  /** What the server says about a field. */
  fault(field: string): string | undefined {
    return this.refused?.fields.get(field);
  }

  /** Whether the server does not draw what the address says, and will not later either. */
  get isRefused(): boolean {
    return this.refused?.status === 422;
  }

  /** Follows the address and the language, for as long as the studio is on the screen. */
  begin(): void {
    $effect(() => () => {
      this.#abort?.abort();
      this.#probe?.abort();
      clearTimeout(this.#again);
      clearTimeout(this.#calm);
      clearTimeout(this.#timer);
    });
    $effect(() => {
      void language.code;
      untrack(() => void this.lists.load());
    });
    $effect(() => {
      void this.address;
      untrack(() => void this.draw());
    });
    $effect(() => (this.ownKey ? untrack(this.readOwn) : undefined));
  }
}
