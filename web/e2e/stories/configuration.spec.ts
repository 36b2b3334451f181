// What this server was told: found, narrowed to what differs, and read with the lines that change it.
import { axeFaults, expect, settled, test, tooWide } from '../fixtures';

test('a setting is found, opened, and stands in the address with the lines that change it', async ({ page, say }) => {
  await page.goto('/admin/configuration');
  await settled(page);
  await page.getByRole('searchbox', { name: say('configuration.search') }).fill('body limit');
  await expect(page).toHaveURL(/q=body/);
  const link = page.getByRole('link', { name: 'http.body_limit_bytes' });
  await expect(link).toHaveCount(1);
  await expect(page.getByRole('link', { name: 'http.listen' })).toHaveCount(0);
  expect(await axeFaults(page)).toEqual([]);

  await link.click();
  const panel = page.getByRole('dialog', { name: 'http.body_limit_bytes' });
  await expect(panel.getByText('[http]\nbody_limit_bytes = 1048576')).toBeVisible();
  await expect(panel.getByText('APLOMB_HTTP__BODY_LIMIT_BYTES=1048576', { exact: true })).toBeVisible();
  expect(await axeFaults(page)).toEqual([]);
  const address = page.url();
  await page.reload();
  await expect(panel).toContainText('1024 to 1073741824');
  expect(page.url()).toBe(address);
  await page.goBack();
  await expect(panel).toHaveCount(0);
});

test('what differs is told with who set it, and everything can be had back', async ({ page, say }) => {
  await page.goto('/admin/configuration?changed=1');
  await settled(page);
  // Every run names an address of its own.
  const row = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'http.listen' }) });
  await expect(row).toContainText('--listen');
  await expect(page.getByRole('link', { name: 'http.drain_delay_ms' })).toHaveCount(0);
  await page.getByRole('searchbox', { name: say('configuration.search') }).fill('nothing of the kind');
  await expect(page.getByText(say('configuration.none_found'), { exact: true })).toBeVisible();
  await page.getByRole('button', { name: say('configuration.all') }).click();
  await expect(page.getByRole('link', { name: 'http.drain_delay_ms' })).toBeVisible();
  await expect(page.getByRole('checkbox', { name: say('configuration.changed') })).not.toBeChecked();
});

test('a secret is never shown, and what checks a file is there to be copied', async ({ page, say }) => {
  await page.goto('/admin/configuration?selected=auth.secret');
  const panel = page.getByRole('dialog', { name: 'auth.secret' });
  await expect(panel.getByText(say('configuration.secret.why'))).toBeVisible();
  await expect(panel.getByText('APLOMB_AUTH__SECRET_FILE=/run/secrets/auth_secret')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(panel).toHaveCount(0);
  await expect(page.getByText(/^aplomb config check/)).toBeVisible();
  await page.setViewportSize({ width: 360, height: 760 });
  expect(await tooWide(page)).toBe(0);
});

test('who is not signed in learns what stands there', async ({ anonymous, say }) => {
  await anonymous.goto('/admin/configuration');
  await expect(anonymous.getByText(say('configuration.gate'))).toBeVisible();
  await expect(anonymous.getByRole('main').getByRole('link', { name: say('session.sign_in') })).toBeVisible();
});
