// What is taken away: file names, and texts to paste into a page.
import { markAddress, nameOf, type Format, type Recipe, type Theme } from './recipe';

/** Lower-case ASCII letters and digits with single dashes between, as the server makes them. */
export function slug(name: string): string {
  const plain = name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40).replace(/-+$/, '');
}

/** A file's name that tells what is in it. */
export function fileName(recipe: Recipe, format: Format, theme: Theme): string {
  const parts = [slug(nameOf(recipe)) || 'mark', recipe.family, recipe.emotion];
  if (format === 'ico') return `${parts.join('-')}.ico`;
  if (recipe.lockup !== 'mark') parts.push(recipe.lockup);
  if (theme === 'dark') parts.push('dark');
  if (format === 'png' || format === 'webp') parts.push(String(recipe.size));
  return `${parts.join('-')}.${format}`;
}

/** A text as it may stand between double quotes in HTML. */
function quoted(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

/** An `<img>` that a page can hold, 64 px high. */
export function image(address: string, name: string): string {
  return `<img src="${quoted(address)}" alt="${quoted(name)}" height="64">`;
}

/** The same for both colour schemes. `origin`: this server, as others reach it. */
export function picture(recipe: Recipe, origin: string, painted: boolean): string {
  const at = (theme: Theme) => origin + markAddress(recipe, { theme, lockup: recipe.lockup, animated: recipe.animated, painted });
  const source = `  <source media="(prefers-color-scheme: dark)" srcset="${quoted(at('dark'))}">`;
  return `<picture>\n${source}\n  ${image(at('light'), nameOf(recipe))}\n</picture>`;
}
