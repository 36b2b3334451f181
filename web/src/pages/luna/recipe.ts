// What a mark is drawn from, as it stands in the studio's address, in the API's addresses and in its bodies.
import type { Shape } from '$lib/api/client';

export const FAMILIES = ['crescent', 'orbit', 'lambda', 'network', 'halo', 'tessera', 'petal', 'aperture', 'horizon', 'monogram'] as const;
export const EMOTIONS = ['serenity', 'power', 'mystery', 'awakening', 'creative'] as const;
export const LOCKUPS = ['mark', 'horizontal', 'stacked'] as const;
export const FORMATS = ['svg', 'png', 'webp', 'ico', 'pdf'] as const;
export const SIZES_PX = [128, 256, 512, 1024, 2048] as const;
export const THEMES = ['light', 'dark'] as const;
export type Family = (typeof FAMILIES)[number];
export type Emotion = (typeof EMOTIONS)[number];
export type Lockup = (typeof LOCKUPS)[number];
export type Format = (typeof FORMATS)[number];
export type Theme = (typeof THEMES)[number];

/** Shown while nobody has typed a name: a newcomer sees at once what the studio makes. */
export const EXAMPLE = 'Northwind';

/** Everything that decides a picture. Empty texts are what was not said. */
export interface Recipe {
  name: string;
  family: Family;
  emotion: Emotion;
  /** Empty: it follows the name. */
  seed: string;
  lockup: Lockup;
  primary: string;
  accent: string;
  animated: boolean;
  /** Of the files that are taken away; the studio shows both. */
  theme: Theme;
  painted: boolean;
  size: number;
  /** 0: the newest. */
  version: number;
}

export const FIRST: Recipe = {
  name: '', family: 'orbit', emotion: 'power', seed: '', lockup: 'mark', primary: '', accent: '',
  animated: false, theme: 'light', painted: false, size: 512, version: 0,
};

const oneOf = <Value extends string>(all: readonly Value[], given: string, other: Value): Value =>
  all.find((one) => one === given) ?? other;

/** Reads the studio's address. What it does not know it leaves at the beginning's. */
export function fromQuery(get: (name: string) => string): Recipe {
  const size = Number(get('size'));
  const version = Number(get('v'));
  return {
    name: get('name'),
    family: oneOf(FAMILIES, get('family'), FIRST.family),
    emotion: oneOf(EMOTIONS, get('emotion'), FIRST.emotion),
    seed: get('seed'),
    lockup: oneOf(LOCKUPS, get('lockup'), FIRST.lockup),
    primary: hex(get('primary')),
    accent: hex(get('primary')) ? hex(get('accent')) : '',
    animated: get('animated') === '1',
    theme: oneOf(THEMES, get('theme'), FIRST.theme),
    painted: get('ground') === 'painted',
    size: Number.isInteger(size) && size >= 8 && size <= 2048 ? size : FIRST.size,
    version: Number.isInteger(version) && version > 0 ? version : 0,
  };
}

/** What an address says of the recipe and what is not understood, name and value: the beginning's stands in its place. */
export function misread(get: (name: string) => string): { name: string; value: string }[] {
  const said = toQuery(fromQuery(get));
  const isKept = (name: string, value: string) => {
    if (said[name]) return true;
    if (name === 'primary' || name === 'accent') return false;
    if (name === 'animated') return value === '0';
    if (name === 'ground') return value === 'transparent';
    const first = FIRST[name as keyof Recipe];
    return name !== 'v' && first !== undefined && String(first) === value;
  };
  return Object.keys(said)
    .map((name) => ({ name, value: get(name) }))
    .filter(({ name, value }) => value.trim() !== '' && !isKept(name, value));
}

/** The same as values of the address: what is as at the beginning is left out. */
export function toQuery(recipe: Recipe): Record<string, string | null> {
  const unless = (value: string, first: string) => (value === first ? null : value);
  return {
    name: recipe.name || null,
    family: unless(recipe.family, FIRST.family),
    emotion: unless(recipe.emotion, FIRST.emotion),
    seed: recipe.seed || null,
    lockup: unless(recipe.lockup, FIRST.lockup),
    primary: recipe.primary.replace('#', '') || null,
    accent: recipe.accent.replace('#', '') || null,
    animated: recipe.animated ? '1' : null,
    theme: unless(recipe.theme, FIRST.theme),
    ground: recipe.painted ? 'painted' : null,
    size: unless(String(recipe.size), String(FIRST.size)),
    v: recipe.version ? String(recipe.version) : null,
  };
}

/** The studio's address with this recipe, everything said: it stays the same mark when beginnings or versions change. */
export function studioAddress(recipe: Recipe, newest: number): string {
  const said = toQuery({ ...recipe, version: recipe.version || newest });
  const query = new URLSearchParams({ name: nameOf(recipe), family: recipe.family, emotion: recipe.emotion });
  for (const [name, value] of Object.entries(said)) if (value) query.set(name, value);
  if (!query.get('name')) query.delete('name');
  return `/luna?${query}`;
}

/** The name that is drawn: the example where there is neither a name nor a seed. */
export function nameOf(recipe: Recipe): string {
  return recipe.name.trim() === '' ? (recipe.seed ? '' : EXAMPLE) : recipe.name;
}

/** `#rrggbb` in small letters from `#rgb`, `rgb` or `rrggbb`; empty where it is no colour. */
export function hex(text: string): string {
  const digits = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text.trim())?.[1]?.toLowerCase();
  if (!digits) return '';
  return `#${digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits}`;
}

/** What an address of a picture may say beside the recipe. */
export interface Extra {
  format?: Format;
  theme?: Theme;
  size?: number;
  lockup?: Lockup;
  animated?: boolean;
  painted?: boolean;
  lang?: string;
}

/** The picture's address. A name is left out where it would change nothing, so that one picture has one address in the cache. */
export function markAddress(recipe: Recipe, extra: Extra = {}): string {
  const { format = 'svg', theme, size, lockup = 'mark', animated = false, painted = false, lang } = extra;
  const name = nameOf(recipe);
  const isNamed = !recipe.seed || lockup !== 'mark' || recipe.family === 'monogram' || lang !== undefined;
  const query = new URLSearchParams();
  if (recipe.seed) query.set('seed', recipe.seed);
  if (name && isNamed) query.set('name', name);
  if (size && format !== 'ico') query.set('size', String(size));
  if (lockup !== 'mark') query.set('lockup', lockup);
  if (theme === 'dark') query.set('theme', theme);
  if (animated && format === 'svg') query.set('animated', 'true');
  if (recipe.primary) query.set('primary', recipe.primary.slice(1));
  if (recipe.accent) query.set('accent', recipe.accent.slice(1));
  if (painted) query.set('ground', 'painted');
  if (lang) query.set('lang', lang);
  if (recipe.version) query.set('v', String(recipe.version));
  return `/api/v1/luna/mark/${recipe.family}/${recipe.emotion}.${format}${query.size ? `?${query}` : ''}`;
}

/** The small picture with the name in letters beside the mark. */
export function lettersAddress(recipe: Recipe, theme: Theme): string {
  return markAddress(recipe, { theme, size: 32, lockup: 'horizontal' });
}

/** A mark of the history or of a kit as the studio has it. Of the original's keys the family and what they stand for are taken. */
export function fromKept(kept: Shape<'Recipe'>, family?: string, aliases: readonly Shape<'Alias'>[] = []): Recipe {
  const alias = aliases.find((one) => one.key === kept.generator);
  return {
    name: kept.name ?? '',
    family: oneOf(FAMILIES, family ?? alias?.generator ?? kept.generator, FIRST.family),
    emotion: oneOf(EMOTIONS, kept.variant, FIRST.emotion),
    seed: String(kept.seed ?? ''),
    lockup: oneOf(LOCKUPS, kept.lockup ?? '', 'mark'),
    primary: hex(kept.palette?.primary ?? ''),
    accent: hex(kept.palette?.accent ?? ''),
    animated: kept.animated ?? alias?.animated ?? false,
    theme: oneOf(THEMES, kept.theme ?? alias?.theme ?? '', 'light'),
    painted: kept.ground ? kept.ground === 'painted' : (alias?.painted ?? false),
    size: kept.size ?? 512,
    version: kept.v ?? 0,
  };
}

/** The body of `POST /generate` and, without what only a picture has, of `POST /kits`. */
export function body(recipe: Recipe, newest: number, language: string): Shape<'NewKit'> {
  const name = nameOf(recipe);
  return {
    generator: recipe.family,
    variant: recipe.emotion,
    ...(recipe.seed && { seed: recipe.seed }),
    ...(name && { name }),
    ...(recipe.primary && { palette: { primary: recipe.primary, ...(recipe.accent && { accent: recipe.accent }) } }),
    lang: language,
    v: recipe.version || newest,
  };
}
