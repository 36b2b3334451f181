// The log as it comes: a request appears by itself, is opened, and leads to all its lines; the reader can hold it still.
import { axeFaults, expect, settled, test, tooWide } from '../fixtures';

/** A path that nobody else asks for. */
const nowhere = (language: string, name: string) => `/api/v1/nowhere-${name}-${language}-${Date.now().toString(36)}`;

test('a request appears while one looks, is opened, and leads to all its lines', async ({ page, api, say, language }) => {
  await page.goto('/admin/logs');
  await settled(page);
  await expect(page.getByRole('switch', { name: say('logs.follow') })).toBeChecked();
  const path = nowhere(language, 'live');
  const asked = await api.get(path);
  const request = asked.headers()['x-request-id'] ?? '';
  const row = page.getByRole('row', { name: new RegExp(path) });
  await expect(row).toContainText('404');
  await expect(row).toContainText('INFO');
  expect(await axeFaults(page)).toEqual([]);

  await row.getByRole('link').click();
  const panel = page.getByRole('dialog', { name: `GET ${path}` });
  await expect(panel.getByRole('definition').filter({ hasText: request })).toBeVisible();
  expect(await axeFaults(page)).toEqual([]);
  const address = page.url();
  await page.reload();
  await expect(panel).toContainText(request);
  expect(page.url()).toBe(address);
  await panel.getByRole('link', { name: say('logs.of_request') }).click();
  await expect(page).toHaveURL(new RegExp(`q=${request}`));
  await expect(panel).toHaveCount(0);
  await expect(page.locator('tbody tr[data-row]')).toHaveCount(1);
});

test('paused, nothing moves; followed again, what came is there', async ({ page, api, say, language }) => {
  await page.goto('/admin/logs?paused=1');
  await settled(page);
  const follow = page.getByRole('switch', { name: say('logs.follow') });
  await expect(follow).not.toBeChecked();
  const path = nowhere(language, 'paused');
  await api.get(path);
  const row = page.getByRole('row', { name: new RegExp(path) });
  await expect(row).toHaveCount(0);
  await follow.click();
  await expect(page).not.toHaveURL(/paused/);
  await expect(row).toHaveCount(1);
});

test('while one points at a line new ones wait, and come when one leaves it', async ({ page, api, say, language }) => {
  await page.goto('/admin/logs');
  await settled(page);
  await page.locator('tbody tr[data-row]').first().hover();
  await expect(page.getByText(say('logs.held.pointing'))).toBeVisible();
  const path = nowhere(language, 'pointing');
  await api.get(path);
  await expect(page.getByRole('switch', { name: say('logs.follow') })).toContainText('+');
  await expect(page.getByRole('row', { name: new RegExp(path) })).toHaveCount(0);
  await page.getByRole('heading', { level: 1 }).hover();
  await expect(page.getByRole('row', { name: new RegExp(path) })).toHaveCount(1);
});

test('whoever reads further down is not moved, and is brought to what is new', async ({ page, api, say, language }) => {
  for (let count = 0; count < 60; count += 1) await api.get('/api/v1/console');
  await page.goto('/admin/logs');
  await settled(page);
  await page.mouse.move(2, 2);
  await page.evaluate(() => scrollTo(0, 900));
  await expect(page.locator('tbody tr[data-row]').nth(10)).toBeVisible();
  const path = nowhere(language, 'reading');
  await api.get(path);
  const news = page.getByRole('button', { name: /↑$/ });
  await expect(news).toBeVisible();
  await news.click();
  await expect(page.getByRole('row', { name: new RegExp(path) })).toHaveCount(1);
  await expect(news).toHaveCount(0);
});

test('level and text stand in the address, and an empty answer says how to get out', async ({ page, api, say, language }) => {
  const path = nowhere(language, 'text');
  await api.get(path);
  await page.goto('/admin/logs');
  await settled(page);
  const search = page.getByRole('searchbox', { name: say('logs.search') });
  await search.fill(path);
  await search.press('Enter');
  await expect(page).toHaveURL(/q=/);
  await expect(page.locator('tbody tr[data-row]')).toHaveCount(1);
  await page.getByRole('combobox', { name: say('logs.level') }).selectOption('error');
  await expect(page).toHaveURL(/level=error/);
  await expect(page.getByText(say('logs.none_found'), { exact: true })).toBeVisible();
  await page.getByRole('button', { name: say('logs.all') }).click();
  await expect(page.locator('tbody tr[data-row]').nth(1)).toBeVisible();
  await page.setViewportSize({ width: 360, height: 760 });
  await expect(page.getByRole('columnheader')).toHaveCount(1);
  expect(await tooWide(page)).toBe(0);
  expect(await axeFaults(page)).toEqual([]);
});

test('who is not signed in learns what stands there', async ({ anonymous, say }) => {
  await anonymous.goto('/admin/logs');
  await expect(anonymous.getByText(say('logs.gate'))).toBeVisible();
});
