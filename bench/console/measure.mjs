// Measures the console; started by run.sh, which names server, browser and set-up link in the environment.
import { chromium } from '../../web/node_modules/@playwright/test/index.mjs';

const { ADDRESS, SET_UP, CHROMIUM, ROWS } = process.env;
const rows = Number(ROWS);
const LOADS = 7;
const owner = { email: 'ada@example.org', name: 'Ada Lovelace', password: 'violet otter minds the lamp' };

const browser = await chromium.launch({ executablePath: CHROMIUM, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
const fresh = (state) => browser.newContext({ baseURL: ADDRESS, viewport: { width: 1440, height: 900 }, locale: 'en-GB', serviceWorkers: 'block', ...(state ? { storageState: state } : {}) });
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const line = (name, value, limit) => console.log(`${name.padEnd(56)} ${value.padStart(10)}   ${limit}`);

const first = await fresh();
const post = async (address, data) => {
  const answer = await first.request.post(address, { data, timeout: 120_000, headers: { origin: ADDRESS } });
  if (!answer.ok()) throw new Error(`${address}: ${answer.status()} ${await answer.text()}`);
  return answer;
};
await post('/api/v1/auth/set-up', { token: SET_UP, ...owner });
await post('/api/v1/auth/login', { email: owner.email, password: owner.password });
const state = await first.storageState();

console.log(`${await browser.version()}, ${LOADS} loads each with an empty cache, medians`);
for (const address of ['/', '/luna', '/proof', '/admin/keys', '/admin/logs']) {
  const times = [];
  for (let at = 0; at < LOADS; at += 1) {
    const context = await fresh(state);
    const page = await context.newPage();
    await page.goto(address);
    await page.locator('main h1').waitFor();
    times.push(
      await page.evaluate(
        () =>
          new Promise((resolve) => {
            new PerformanceObserver((list) => resolve(list.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0)).observe({ type: 'paint', buffered: true });
          }),
      ),
    );
    await context.close();
  }
  line(`first content of ${address}`, `${median(times).toFixed(0)} ms`, 'at most 1,000 ms');
}

const PER_BATCH = 1000;
for (let made = 0; made < rows; made += PER_BATCH) {
  await post('/api/v1/luna/generate/batch', { variant: 'serenity', generator: 'crescent', seed: String(made), count: Math.min(PER_BATCH, rows - made) });
}

const context = await fresh(state);
const page = await context.newPage();
await page.addInitScript(() => {
  globalThis.seen = { events: [], shift: 0 };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.interactionId) globalThis.seen.events.push([entry.name, entry.duration]);
  }).observe({ type: 'event', durationThreshold: 16, buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.seen.shift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
});
await page.goto('/luna/history?view=list');
await page.locator('[data-row]').first().waitFor();
const began = Date.now();
while (!(await page.evaluate((wanted) => Number(document.querySelector('[aria-rowcount]')?.getAttribute('aria-rowcount') ?? 0) >= wanted, rows))) {
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.waitForTimeout(20);
  if (Date.now() - began > 300_000) throw new Error('the list did not come to its end in five minutes');
}
line(`${rows} rows come in, page by page`, `${((Date.now() - began) / 1000).toFixed(1)} s`, '');
await page.evaluate(() => scrollTo(0, 0));
await page.waitForTimeout(300);
await page.evaluate(() => (globalThis.seen.events = []));
const paint = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
const link = page.locator('[data-row] a').first();
await link.focus();
for (const key of [...Array(15).fill('ArrowDown'), 'End', ...Array(10).fill('ArrowUp'), 'Home', ...Array(5).fill('PageDown')]) {
  await page.keyboard.press(key);
  await paint();
}
const acted = 32;
// Scrolling is not an event with a duration: the time until the rows at the new place are drawn.
const scrolls = [];
for (let at = 1; at <= 20; at += 1) {
  scrolls.push(
    await page.evaluate(async (share) => {
      const start = performance.now();
      scrollTo(0, share * document.documentElement.scrollHeight);
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      return performance.now() - start;
    }, (at * 7919) % 100 / 100),
  );
}
const events = await page.evaluate(() => globalThis.seen.events.map(([, duration]) => duration));
const dom = await page.evaluate(() => document.querySelectorAll('*').length);
line(`slowest of ${acted} keys on ${rows} rows`, `${Math.max(16, ...events).toFixed(0)} ms`, 'at most 100 ms');
line(`slowest of 20 jumps of the scroll bar, to the next frame but one`, `${Math.max(...scrolls).toFixed(0)} ms`, 'at most 100 ms');
line(`elements in the document`, String(dom), '');
await context.close();

// Live news: kits are drawn while the overview and the jobs are looked at.
for (const address of ['/', '/admin/jobs']) {
  const watching = await fresh(state);
  const watched = await watching.newPage();
  await watched.addInitScript(() => {
    globalThis.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shift += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await watched.goto(address);
  await watched.locator('main h1').waitFor();
  await watched.waitForTimeout(1500);
  await watched.evaluate(() => (globalThis.shift = 0));
  for (let at = 0; at < 5; at += 1) {
    await post('/api/v1/luna/kits', { name: `Live ${at}`, variant: 'power', generator: 'orbit' });
    await watched.waitForTimeout(1200);
  }
  line(`layout shift of ${address} while five kits are drawn`, (await watched.evaluate(() => globalThis.shift)).toFixed(4), 'at most 0.0100');
  await watching.close();
}
await browser.close();
