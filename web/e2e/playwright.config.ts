// The console in the system's Chromium against a real server, in English and in French. `scripts/console.sh` starts both.
import { defineConfig } from '@playwright/test';

const { ADDRESS, CHROMIUM, REPORT } = process.env;
const common = { baseURL: ADDRESS, viewport: { width: 1280, height: 860 } };

export default defineConfig({
  testDir: '.',
  outputDir: `${REPORT}/failures`,
  globalSetup: './setup.ts',
  reporter: [['list']],
  workers: 1,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: CHROMIUM ?? '', args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] },
    // What the service worker keeps must not hide what the server says now; its own test lets it in.
    serviceWorkers: 'block',
  },
  projects: [
    { name: 'en', use: { ...common, locale: 'en-GB' } },
    { name: 'fr', use: { ...common, locale: 'fr-FR' } },
  ],
});
