// The frame of every page: navigation, language, theme, command bar, the calls behind the screen, and what happens without a server.
import { expect, settled, test } from './fixtures';

test('an unknown address says so, with a way home, and is a 404', async ({ page, say }) => {
  const answer = await page.goto('/no/such/page');
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole('heading', { name: say('nowhere.title') })).toBeVisible();
  await page.getByRole('link', { name: say('nowhere.home') }).click();
  await expect(page).toHaveURL('/');
});

test('the command bar leads to a page by a few letters', async ({ page, say }) => {
  await page.goto('/');
  await settled(page);
  await page.keyboard.press('Control+k');
  const bar = page.getByRole('combobox', { name: say('command.title') });
  await bar.fill(say('nav.keys').slice(0, 3));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/admin/keys');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});

test('language and theme change at once, and stay after a reload', async ({ anonymous: page, language, say }) => {
  await page.goto('/');
  await settled(page);
  const other = language === 'fr' ? 'en' : 'fr';
  await page.getByRole('button', { name: say('language.other') }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', other);
  await page.getByRole('button', { name: /dark theme|thème sombre/i }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('lang', other);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('the calls behind a page can be copied, and show the real answer', async ({ page, say }) => {
  await page.goto('/admin/keys');
  await settled(page);
  await page.getByRole('button', { name: say('trail.short') }).click();
  const panel = page.getByRole('dialog', { name: say('trail.title') });
  await expect(panel.locator('pre').filter({ hasText: '/api/v1/keys' }).first()).toContainText('curl -H "Authorization: Bearer $APLOMB_KEY"');
  await panel.getByText(say('trail.answer')).first().click();
  await expect(panel.locator('pre.answer').first()).toContainText('{');
  await page.keyboard.press('Escape');
  await expect(panel).toBeHidden();
});

test('who is not signed in is led to sign in and comes back', async ({ anonymous: page, say }) => {
  await page.goto('/luna?name=Northwind');
  await settled(page);
  await page.getByRole('complementary').getByRole('link', { name: say('session.sign_in') }).click();
  await expect(page).toHaveURL(/\/sign-in\?.*next=/);
  await page.locator('input[name=email]').first().fill('ada@example.org');
  await page.locator('input[name=password]').first().fill('violet otter minds the lamp');
  await page.locator('button[type=submit]').first().click();
  await expect(page).toHaveURL(/\/luna\?.*name=Northwind/);
});

test('unknown addresses of the API stay problems, also for browsers', async ({ page }) => {
  const answer = await page.goto('/api/v1/nothing');
  expect(answer?.status()).toBe(404);
  expect(answer?.headers()['content-type']).toContain('application/problem+json');
});

test.describe('with the service worker', () => {
  test.use({ serviceWorkers: 'allow' });

  test('the shell opens without a network and says that it is offline', async ({ page, context, say }) => {
    await page.goto('/');
    await settled(page);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await context.setOffline(true);
    await page.goto('/luna');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.getByText(say('offline.title')).first()).toBeVisible();
    await context.setOffline(false);
  });
});

test('a page comes back by itself when the server does, and who one is was never forgotten', async ({ page, context, say }) => {
  await page.goto('/admin/audit');
  await settled(page);
  await context.setOffline(true);
  await page.getByRole('complementary').getByRole('link', { name: say('nav.keys') }).click();
  await expect(page.getByText(say('offline.title')).first()).toBeVisible();
  await expect(page.getByRole('complementary').getByRole('link', { name: say('nav.keys') })).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByText(say('offline.title'))).toHaveCount(0, { timeout: 20_000 });
  await expect(page.locator('main h1')).toHaveText(say('nav.keys'));
});
