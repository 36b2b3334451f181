// A key for a program: made for what it is to do, tried at once, renamed, revoked.
import { request } from '@playwright/test';
import { axeFaults, expect, settled, test, tooWide } from '../fixtures';

/** A cookie changes something only for the server's own pages. */
const headers = { origin: process.env['ADDRESS'] ?? '' };

test('a key is made, works at once, is renamed and revoked', async ({ page, say, language }) => {
  const name = `backup ${language}`;
  await page.goto('/admin/keys');
  await settled(page);
  await page.getByRole('button', { name: say('keys.make') }).first().click();
  const form = page.getByRole('dialog', { name: say('keys.make') });
  const make = form.getByRole('button', { name: say('keys.make.do') });
  await expect(make).toHaveAccessibleDescription(say('keys.first.name'));
  await form.getByLabel(say('keys.name')).fill(name);
  await expect(make).toHaveAccessibleDescription(say('keys.first.scopes'));
  await form.getByRole('radiogroup', { name: say('keys.room.jobs') }).getByRole('radio', { name: say('keys.verb.read') }).check();
  await form.getByRole('radiogroup', { name: say('keys.room.luna') }).getByRole('radio', { name: say('keys.verb.write') }).check();
  await expect(form).toContainText('jobs:read luna:write');
  expect(await axeFaults(page)).toEqual([]);
  await make.click();

  const made = page.getByRole('dialog', { name: say('keys.made', { name }) });
  const secret = (await made.getByLabel(say('keys.secret'), { exact: true }).textContent()) ?? '';
  expect(secret).toMatch(/^ak_live_/);
  await expect(made.getByLabel(say('keys.trial.command'))).toContainText(`curl -H "Authorization: Bearer ${secret}"`);
  await made.getByRole('button', { name: say('keys.trial.send') }).click();
  await expect(made.getByText(say('keys.trial.works', { status: 200 }))).toBeVisible();
  // One press beside it does not lose the key.
  await page.keyboard.press('Escape');
  await expect(made.getByText(say('keys.secret.ask'))).toBeVisible();
  expect(await axeFaults(page)).toEqual([]);
  await made.getByRole('button', { name: say('keys.secret.done') }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await page.getByRole('row', { name: new RegExp(name) }).click();
  const panel = page.getByRole('dialog', { name });
  await expect(panel).toContainText(say('keys.room.luna.write'));
  await panel.getByLabel(say('keys.name')).fill(`${name} nightly`);
  await panel.getByRole('button', { name: say('keys.rename') }).click();
  await expect(page.getByRole('dialog', { name: `${name} nightly` })).toBeVisible();
  await page.getByRole('button', { name: say('keys.revoke.do') }).click();
  const ask = page.getByRole('dialog', { name: say('keys.revoke.title', { name: `${name} nightly` }) });
  await ask.getByRole('button', { name: say('keys.revoke.do') }).click();
  await expect(page.getByText(say('keys.revoked', { name: `${name} nightly` }))).toBeVisible();
  const program = await request.newContext({ baseURL: process.env['ADDRESS'] ?? '', extraHTTPHeaders: { authorization: `Bearer ${secret}` } });
  expect((await program.get('/api/v1/auth/me')).status()).toBe(401);
  await program.dispose();
});

test('keys that were made elsewhere are found, filtered and shared by the address', async ({ page, api, say, language }) => {
  const name = `endless ${language}`;
  const made = await api.post('/api/v1/keys', { headers, data: { name, scopes: ['objects:read'] } });
  const { id } = (await made.json()) as { id: string };
  await page.goto('/admin/keys');
  await page.getByRole('combobox', { name: say('keys.show') }).selectOption('endless');
  await page.getByRole('searchbox').fill('ENDLESS');
  await expect(page).toHaveURL(/q=ENDLESS/);
  await page.reload();
  await expect(page.getByRole('row', { name: new RegExp(name) })).toBeVisible();
  await page.getByRole('searchbox').fill('nothing is called so');
  await page.getByRole('button', { name: say('keys.clear') }).click();
  await expect(page.getByRole('row', { name: new RegExp(name) })).toBeVisible();
  await page.setViewportSize({ width: 360, height: 760 });
  await page.goto('/admin/keys?new=1');
  await page.getByRole('dialog').waitFor();
  expect(await tooWide(page)).toBe(0);
  await api.delete(`/api/v1/keys/${id}`, { headers });
});
