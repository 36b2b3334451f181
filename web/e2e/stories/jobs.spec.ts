// Background work: asked for elsewhere, it appears here by itself, is followed to its end, and can be looked at afterwards.
import { axeFaults, expect, settled, test, tooWide } from '../fixtures';

/** A cookie changes something only for the server's own pages. */
const headers = { origin: process.env['ADDRESS'] ?? '' };
const kit = (name: string) => ({ headers, data: { generator: 'crescent', variant: 'serenity', name } });

test('a job appears while one looks, is followed to its end, and stands in the address', async ({ page, api, say, language }) => {
  await page.goto('/admin/jobs');
  await settled(page);
  await expect(page.getByText(new RegExp(`${say('jobs.live')}$`))).toBeVisible();
  const before = await page.getByRole('row', { name: new RegExp(say('jobs.kind.luna.kit')) }).count();
  const asked = await api.post('/api/v1/luna/kits', kit(`Northwind ${language}`));
  expect(asked.status()).toBeLessThan(300);
  const rows = page.getByRole('row', { name: new RegExp(say('jobs.kind.luna.kit')) });
  // Where there are rows already none is pushed down: the newer one waits until it is asked for.
  const newer = page.getByRole('button', { name: new RegExp(say('jobs.unseen.one', { count: 1 })) });
  await expect(newer.or(rows.nth(before))).toBeVisible();
  if (await newer.isVisible()) await newer.click();
  await expect(rows).toHaveCount(before + 1);
  await expect(rows.first()).toContainText(say('jobs.state.done'), { timeout: 30_000 });
  expect(await axeFaults(page)).toEqual([]);

  await rows.first().getByRole('link').click();
  const panel = page.getByRole('dialog', { name: say('jobs.kind.luna.kit') });
  await expect(panel).toContainText('luna.kit');
  await expect(panel.getByText(say('jobs.result'), { exact: true })).toBeVisible();
  const address = page.url();
  await page.reload();
  await expect(panel).toContainText(say('jobs.state.done'));
  expect(page.url()).toBe(address);
  expect(await axeFaults(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(panel).toHaveCount(0);
});

test('jobs are filtered by state and kind, and what is empty says how to get out', async ({ page, api, say, language }) => {
  await api.post('/api/v1/luna/kits', kit(`Southwind ${language}`));
  await page.goto('/admin/jobs');
  await page.getByRole('combobox', { name: say('jobs.kind') }).selectOption('luna.kit');
  await expect(page).toHaveURL(/kind=luna\.kit/);
  await page.getByRole('navigation', { name: say('jobs.states') }).getByRole('link', { name: say('jobs.tab.cancelled') }).click();
  await expect(page).toHaveURL(/state=cancelled/);
  await expect(page.getByText(say('jobs.none_found'))).toBeVisible();
  await page.getByRole('button', { name: say('jobs.clear') }).click();
  await expect(page.getByRole('row', { name: new RegExp(say('jobs.kind.luna.kit')) }).first()).toBeVisible();
  await page.setViewportSize({ width: 360, height: 760 });
  expect(await tooWide(page)).toBe(0);
});

test('a key of the keyboard goes from row to row', async ({ page, api, language }) => {
  for (const at of [1, 2]) await api.post('/api/v1/luna/kits', kit(`Key ${at} ${language}`));
  await page.goto('/admin/jobs');
  const links = page.locator('tbody a');
  await expect(links.nth(1)).toBeVisible();
  await links.first().focus();
  await page.keyboard.press('ArrowDown');
  await expect(links.nth(1)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
});
