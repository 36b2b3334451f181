// News: what is chosen stays chosen, the test says what really came of it, and a webhook lives its life.
import { axeFaults, expect, settled, test, tooWide } from '../fixtures';

test('what is chosen stays chosen, and can be taken back', async ({ page, say }) => {
  await page.goto('/admin/notifications');
  await settled(page);
  const quiet = page.getByRole('checkbox', { name: say('notifications.quiet.on') });
  await expect(quiet).not.toBeChecked();
  await quiet.check();
  await page.getByLabel(say('notifications.quiet.from'), { exact: true }).fill('21:30');
  await page.getByRole('button', { name: say('save') }).click();
  await expect(page.getByText(say('notifications.saved'))).toBeVisible();
  await page.reload();
  await expect(page.getByLabel(say('notifications.quiet.from'), { exact: true })).toHaveValue('21:30');
  expect(await axeFaults(page)).toEqual([]);
  await quiet.uncheck();
  await page.getByRole('button', { name: say('save') }).click();
  await expect(page.getByText(say('notifications.saved'))).toBeVisible();
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await tooWide(page)).toBe(0);
});

test('the test says what came of each channel', async ({ page, say }) => {
  await page.goto('/admin/notifications');
  await page.getByRole('button', { name: say('notifications.test') }).click();
  // Pressed twice within ten seconds the server asks to wait, and says so; the other language of this run may have pressed before.
  const results = page.getByRole('list', { name: say('notifications.test.results') });
  await expect(results.or(page.getByRole('alert')).first()).toBeVisible();
  if (await results.isVisible()) await expect(results.getByText(say('notifications.outcome.not_configured')).first()).toBeVisible();
});

test('a webhook is made, its secret shown once, changed, and removed', async ({ page, say, language }) => {
  // An address without a name, since a test machine may know no names; nothing happens while the webhook is in use, so nobody is called.
  const url = `https://9.9.9.9/hooks/${language}`;
  await page.goto('/admin/notifications?tab=webhooks');
  await settled(page);
  await page.getByRole('button', { name: say('notifications.hook.new') }).first().click();
  const make = page.getByRole('dialog', { name: say('notifications.hook.new') });
  await make.getByLabel(say('notifications.hook.url'), { exact: true }).fill('ftp://example.org');
  await make.getByRole('button', { name: say('notifications.hook.make') }).click();
  await expect(make.getByRole('alert')).toBeVisible();
  await make.getByLabel(say('notifications.hook.url'), { exact: true }).fill(url);
  await make.getByRole('button', { name: say('notifications.hook.make') }).click();
  const shown = page.getByRole('dialog', { name: say('notifications.secret.title') });
  await expect(shown.getByText(/^whsec_/)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(shown).toBeVisible();
  await shown.getByLabel(say('notifications.secret.kept')).check();
  await shown.getByRole('button', { name: say('notifications.secret.done') }).click();

  const panel = page.getByRole('dialog', { name: url });
  await expect(panel.getByText(say('notifications.sent.none'))).toBeVisible();
  expect(await axeFaults(page)).toEqual([]);
  await panel.getByRole('button', { name: say('notifications.hook.disable') }).click();
  await expect(panel.getByText(say('notifications.hook.disabled.about'))).toBeVisible();
  await page.reload();
  await expect(panel.getByText(say('notifications.hook.disabled.about'))).toBeVisible();
  await panel.getByRole('button', { name: say('notifications.hook.remove') }).click();
  const sure = page.getByRole('dialog', { name: say('notifications.hook.remove.title') });
  await expect(sure).toContainText(url);
  await sure.getByRole('button', { name: say('notifications.hook.remove') }).click();
  await expect(page.getByRole('link', { name: url })).toHaveCount(0);
  await expect(page.getByText(say('notifications.hook.removed'))).toBeVisible();
});
