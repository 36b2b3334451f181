// Colours of a drawing, and how well they are told from their ground (WCAG 2.2: relative luminance and contrast ratio).
import { hex } from './recipe';

/** Least contrasts that Luna holds: WCAG 2.2, 1.4.3 for the main ink, 1.4.11 for the second, 1.4.6 for the name. */
export const LEAST = { primary: 4.5, accent: 3, text: 7 } as const;
export type Ink = keyof typeof LEAST;
export const INKS: readonly Ink[] = ['primary', 'accent', 'text'];

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast ratio of two colours `#rrggbb`, 1 to 21, cut to two decimals as the API does: 4.499 is not 4.5. */
export function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return Math.floor(((high + 0.05) / (low + 0.05)) * 100 + 1e-9) / 100;
}

/** The colours of a crescent's horizontal lockup, in the order in which it is drawn: main ink, second ink, name. */
export function inksOf(svg: string): Record<Ink, string> | undefined {
  const found = [...svg.matchAll(/(?:fill|stroke)="(#[0-9a-f]{3,6})"/g)].map((match) => hex(match[1] ?? ''));
  const [primary, accent] = found;
  const text = found.at(-1);
  return primary && accent && text && found.length >= 3 ? { primary, accent, text } : undefined;
}
