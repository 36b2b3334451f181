// Is it fine, and if not, what and where: seen at once by those who run the house, and as far as they may by others.
import { axeFaults, expect, settled, test, tooWide } from '../fixtures';

test('those who run the house see at once how it does', async ({ page, say }) => {
  await page.goto('/');
  const state = page.getByRole('region', { name: say('overview.verdict') });
  await expect(state.getByRole('status')).not.toBeEmpty();
  await expect(state).toContainText(say('overview.severity.info'));
  for (const part of ['overview.objectives', 'overview.load', 'overview.services', 'overview.dependencies', 'overview.jobs']) {
    await expect(page.getByRole('region', { name: say(part) })).toBeVisible();
  }
  await expect(page.getByRole('region', { name: say('overview.load') }).locator('canvas')).toHaveCount(6);
  await settled(page);
  expect(await axeFaults(page)).toEqual([]);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await tooWide(page)).toBe(0);
});

test('what needs a person leads to where it is seen', async ({ page, say }) => {
  await page.goto('/');
  await page.getByRole('list', { name: say('overview.attention') }).getByRole('link').first().click();
  await expect(page).not.toHaveURL(/\/$/);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});

test('a visitor learns what this is, sees real drawings, and can sign in', async ({ anonymous, say }) => {
  await anonymous.goto('/');
  await expect(anonymous.getByText(say('overview.welcome'))).toBeVisible();
  const drawings = anonymous.getByRole('region', { name: say('overview.taste') });
  const picture = drawings.getByRole('listitem').first().locator('img');
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  await expect(anonymous.getByRole('main').getByRole('link', { name: say('session.sign_in') })).toBeVisible();
  await settled(anonymous);
  expect(await axeFaults(anonymous)).toEqual([]);
  await drawings.getByRole('link', { name: 'Northwind' }).click();
  await expect(anonymous).toHaveURL(/\/luna\?.*name=Northwind/);
});
