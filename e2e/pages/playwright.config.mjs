// One browser, the system's Chromium; one worker, since the pages are tried in the order in which a person meets them.
import { defineConfig } from "@playwright/test";

const { ADDRESS, CHROMIUM, REPORT, SPOKEN } = process.env;

export default defineConfig({
  testDir: ".",
  outputDir: `${REPORT}/failures`,
  reporter: [["list"]],
  workers: 1,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    baseURL: ADDRESS,
    locale: SPOKEN === "fr" ? "fr-FR" : "en-GB",
    viewport: { width: 1000, height: 800 },
    screenshot: "only-on-failure",
    launchOptions: { executablePath: CHROMIUM },
  },
});
