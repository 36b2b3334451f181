// The pictures of the console in the README, from the running product; started by pictures.sh, which names server, browser and
// set-up link in the environment. What is to be seen in them is really there: an account, marks, a kit, a run of the proof.
import { chromium } from '../web/node_modules/@playwright/test/index.mjs';

const { ADDRESS, SET_UP, CHROMIUM, PICTURES } = process.env;
const owner = { email: 'ada@example.org', name: 'Ada Lovelace', password: 'violet otter minds the lamp' };
const browser = await chromium.launch({ executablePath: CHROMIUM, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
const context = await browser.newContext({ baseURL: ADDRESS, locale: 'en-GB', viewport: { width: 1280, height: 860 }, deviceScaleFactor: 1.5 });
const post = async (address, data) => {
  const answer = await context.request.post(address, { data, headers: { origin: ADDRESS } });
  if (!answer.ok()) throw new Error(`${address}: ${answer.status()} ${await answer.text()}`);
  return answer.status() === 204 ? undefined : answer.json();
};

await post('/api/v1/auth/set-up', { token: SET_UP, ...owner });
await post('/api/v1/auth/login', { email: owner.email, password: owner.password });
for (const [name, generator, variant] of [['Northwind', 'crescent', 'serenity'], ['Café Zoé', 'petal', 'power'], ['Umbra', 'aperture', 'mystery']]) {
  await post('/api/v1/luna/generate', { name, generator, variant });
}
await post('/api/v1/luna/kits', { name: 'Northwind', generator: 'crescent', variant: 'serenity' });

// A whole quick run, asked for as the page does.
const asked = await post('/api/v1/proof/run', {});
const id = asked.job ?? asked.id;
for (;;) {
  const job = await (await context.request.get(`/api/v1/jobs/${id}`)).json();
  if (['done', 'failed', 'cancelled'].includes(job.state)) {
    if (job.state !== 'done') throw new Error(`the proof's job ${job.state}: ${JSON.stringify(job.error)}`);
    break;
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
}

const shot = async (name, address, { theme = 'light', width = 1280, height = 860, language = 'en' } = {}) => {
  const page = await context.newPage();
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: theme });
  await page.addInitScript((code) => localStorage.setItem('aplomb.language', code), language);
  await page.goto(address);
  await page.locator('main h1').waitFor();
  await page.waitForLoadState('networkidle').catch(() => undefined); // live pages are never idle
  await page.waitForTimeout(1500);
  await page.screenshot({ path: `${PICTURES}/${name}.png` });
  await page.close();
};
await shot('console-studio', '/luna?name=Northwind');
await shot('console-studio-fr', '/luna?name=Vent du Nord', { language: 'fr' });
await shot('console-overview', '/', { theme: 'dark' });
await shot('console-overview-fr', '/', { theme: 'dark', language: 'fr' });
await shot('console-proof', '/proof');
await shot('console-proof-fr', '/proof', { language: 'fr' });
await shot('console-phone', '/luna?name=Northwind', { width: 390, height: 860, theme: 'dark' });
await browser.close();
