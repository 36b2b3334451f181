// What every page is held to, and the texts of the server's own catalogue.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test as base, expect } from "@playwright/test";

const { MESSAGES, REPORT, SPOKEN } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const texts = JSON.parse(readFileSync(`${MESSAGES}/${SPOKEN}.json`, "utf8"));

/** A text of the pages, such as `sign_in`. */
export function text(name) {
  const found = texts[`pages.${name}`];
  if (!found) throw new Error(`no text pages.${name}`);
  return found;
}

/** A picture of the page as it stands, once it holds what every page must. */
export async function shot(page, name) {
  // Looked at when everything is drawn: pictures may still be on their way.
  await page.waitForLoadState("networkidle");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(wide, `${name} is wider than its window`).toBeLessThanOrEqual(0);
  expect(await page.locator("html").getAttribute("lang")).toBe(SPOKEN);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const faults = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target).join(", ")}`);
  expect.soft(faults, `${name} is not for everybody`).toEqual([]);
  await page.screenshot({ path: `${REPORT}/${name}.png`, fullPage: true });
}

/** Pages on which nothing may go wrong unseen: no error of the script, nothing that the page's policy refuses. */
function watch(context, faults) {
  context.on("weberror", (fault) => faults.push(String(fault.error())));
  context.on("console", (message) => {
    // The browser reports each refused form as a failed load; the pages show those.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) faults.push(message.text());
  });
}

export const test = base.extend({
  faults: async ({}, use) => {
    const faults = [];
    await use(faults);
    expect(faults).toEqual([]);
  },
  context: async ({ context, faults }, use) => {
    watch(context, faults);
    await use(context);
  },
  /** Somebody else's browser. */
  another: async ({ browser, faults }, use) => {
    const opened = [];
    await use(async (options) => {
      const context = await browser.newContext(options);
      watch(context, faults);
      opened.push(context);
      return context.newPage();
    });
    for (const context of opened) await context.close();
  },
});

export { expect };
