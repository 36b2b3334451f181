// What every test of the console stands on, and what every page is held to.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test as base, expect, request, type APIRequestContext, type BrowserContext, type Page } from '@playwright/test';

export { expect };
export { OWNER } from './setup';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const source = join(import.meta.dirname, '..', 'src');

function catalogue(language: string): Record<string, string> {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(`/${language}.json`));
  return Object.assign({}, ...files.map((path) => JSON.parse(readFileSync(join(source, path), 'utf8')) as Record<string, string>));
}
const texts: Record<string, Record<string, string>> = { en: catalogue('en'), fr: catalogue('fr') };

interface Fixtures {
  /** The language of the run. */
  language: 'en' | 'fr';
  /** A text of the console's own catalogues, with what is filled in. */
  say: (key: string, values?: Record<string, string | number>) => string;
  /** A page of somebody who is not signed in. */
  anonymous: Page;
  /** The API with the owner's sign-in. */
  api: APIRequestContext;
  /** What went wrong in the browser: must be empty at the end. */
  faults: string[];
}

/** Nothing may go wrong unseen: no error of a script, nothing that the policy refuses, no request that leaves this machine. */
function watch(context: BrowserContext, faults: string[], address: string): void {
  context.on('weberror', (fault) => faults.push(String(fault.error())));
  context.on('console', (message) => {
    // The browser reports each refusal as a failed load; pages show those themselves.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text());
  });
  context.on('request', (asked) => {
    const url = asked.url();
    if (!url.startsWith(address) && !/^(data|blob|about):/.test(url)) faults.push(`left this machine: ${url}`);
  });
}

export const test = base.extend<Fixtures>({
  language: async ({ locale }, use) => use(locale?.startsWith('fr') ? 'fr' : 'en'),
  say: async ({ language }, use) =>
    use((key, values = {}) => {
      const text = texts[language]?.[key];
      if (text === undefined) throw new Error(`no text ${key}`);
      return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
    }),
  faults: async ({}, use) => {
    const faults: string[] = [];
    await use(faults);
    expect(faults).toEqual([]);
  },
  storageState: async ({}, use) => use(process.env['STATE']),
  context: async ({ context, faults, baseURL }, use) => {
    watch(context, faults, baseURL ?? '');
    await use(context);
  },
  anonymous: async ({ browser, faults, baseURL, locale, viewport }, use) => {
    const context = await browser.newContext({ storageState: { cookies: [], origins: [] }, ...(baseURL ? { baseURL } : {}), ...(locale ? { locale } : {}), viewport, serviceWorkers: 'block' });
    watch(context, faults, baseURL ?? '');
    await use(await context.newPage());
    await context.close();
  },
  api: async ({ baseURL }, use) => {
    // A cookie alone changes nothing: the server wants to see that the page is its own.
    const headers = baseURL ? { extraHTTPHeaders: { origin: baseURL } } : {};
    const context = await request.newContext({ ...headers, ...(baseURL ? { baseURL } : {}), ...(process.env['STATE'] ? { storageState: process.env['STATE'] } : {}) });
    await use(context);
    await context.dispose();
  },
});

/** Faults that axe calls serious or critical on the page as it stands. */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: { run: () => Promise<{ violations: { id: string; impact: string; nodes: { target: string[]; html: string }[] }[] }> } }).axe.run());
  return violations
    .filter((one) => one.impact === 'serious' || one.impact === 'critical')
    .map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target.join(' ')} ${node.html.slice(0, 120)}`).join(' | ')}`);
}

/** How many CSS pixels the page is wider than its window. */
export function tooWide(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Waits until the page's first answers are drawn: nothing says any more that it is waiting. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').first().waitFor();
  await expect(page.locator('.waiting')).toHaveCount(0);
}
