// Every page, in both themes and three widths: nothing that axe calls serious, nothing wider than the window, no script or style
// that the policy refuses, no jump of what is in view.
import { axeFaults, expect, settled, test, tooWide } from './fixtures';

const ADDRESSES = [
  '/', '/luna', '/luna/history', '/luna/kits', '/proof', '/proof/checks', '/proof/history', '/proof/import', '/proof/run',
  '/admin/people', '/admin/keys', '/admin/limits', '/admin/jobs', '/admin/audit', '/admin/notifications', '/admin/configuration', '/admin/logs', '/account',
];
const WIDTHS = [360, 768, 1440];

for (const theme of ['light', 'dark'] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    for (const address of ADDRESSES) {
      test(`${address} is for everybody in ${theme}`, async ({ page, language }) => {
        await page.goto(address);
        await settled(page);
        await expect(page.locator('html')).toHaveAttribute('lang', language);
        await expect(page.locator('main h1')).toHaveCount(1);
        expect.soft(await axeFaults(page)).toEqual([]);
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 800 });
          expect.soft(await tooWide(page), `at ${width} px`).toBeLessThanOrEqual(0);
        }
        await page.setViewportSize({ width: 360, height: 740 });
        expect.soft(await axeFaults(page), 'at 360 px').toEqual([]);
      });
    }
  });
}

test('what is shown to nobody in particular is for everybody too', async ({ anonymous: page }) => {
  for (const address of ['/', '/luna', '/proof', '/admin/keys', '/account', '/nothing-here']) {
    await page.goto(address);
    await page.locator('main h1').waitFor();
    expect.soft(await axeFaults(page), address).toEqual([]);
  }
});

test('pages carry a policy without inline scripts or styles', async ({ request }) => {
  const answer = await request.get('/', { headers: { accept: 'text/html' } });
  const policy = answer.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("style-src 'self'");
  expect(policy).not.toContain('unsafe');
});
