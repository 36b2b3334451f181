// Luna, as a newcomer meets it: a mark is made without signing in, kept once one has, and taken away as a kit.
import type { Page } from '@playwright/test';
import { axeFaults, expect, settled, test, tooWide } from '../fixtures';

type Say = (key: string, values?: Record<string, string | number>) => string;
const onLight = (page: Page, say: Say, name: string) => page.getByRole('img', { name: say('luna.on.light', { name }), exact: true });
const seed = (page: Page) => new URL(page.url()).searchParams.get('seed');

test('a mark is made without signing in, and its address shows the same mark to anybody', async ({ anonymous: page, say }) => {
  await page.goto('/luna');
  await settled(page);
  await expect(onLight(page, say, 'Northwind')).toBeVisible();

  await page.getByLabel(say('luna.name'), { exact: true }).fill('Zéphyr & Co');
  await expect(onLight(page, say, 'Zéphyr & Co')).toBeVisible();
  await expect(page).toHaveURL(/name=Z%C3%A9phyr/);

  const families = page.getByRole('group', { name: say('luna.family') });
  await families.getByRole('radio', { name: say('luna.family.petal') }).check({ force: true });
  await page.keyboard.press('ArrowRight');
  await expect(page).toHaveURL(/family=aperture/);
  await page.getByRole('group', { name: say('luna.emotion') }).getByRole('radio', { name: say('luna.emotion.mystery') }).check({ force: true });
  await page.getByRole('radio', { name: say('luna.lockup.horizontal') }).check({ force: true });
  await expect(onLight(page, say, 'Zéphyr & Co')).toHaveAttribute('src', /aperture\/mystery\.svg.*lockup=horizontal/);

  const figures = page.getByRole('region', { name: say('luna.figures') });
  await expect(figures.getByText('#341d5e')).toBeVisible();

  const link = page.getByRole('link', { name: say('luna.download.svg') });
  const file = await page.request.get((await link.getAttribute('href')) ?? '');
  expect(file.headers()['content-type']).toContain('image/svg+xml');
  expect(await file.text()).toContain('Zéphyr &amp; Co');
  await expect(link).toHaveAttribute('download', 'zephyr-co-aperture-mystery-horizontal.svg');

  await page.reload();
  await expect(onLight(page, say, 'Zéphyr & Co')).toHaveAttribute('src', /aperture\/mystery/);
  await expect(page.getByLabel(say('luna.name'), { exact: true })).toHaveValue('Zéphyr & Co');
});

test('R rolls another seed, Back brings the one before, and a letter in the name is only a letter', async ({ anonymous: page, say }) => {
  await page.goto('/luna?name=Nor');
  await settled(page);
  await expect(onLight(page, say, 'Nor')).toBeVisible();
  await page.keyboard.press('r');
  await expect.poll(() => seed(page)).toMatch(/^\d+$/);
  await expect(onLight(page, say, 'Nor')).toHaveAttribute('src', /seed=\d+/);
  await page.goBack();
  await expect.poll(() => seed(page)).toBeNull();

  await page.getByLabel(say('luna.name'), { exact: true }).press('End');
  await page.keyboard.type('r');
  await expect(onLight(page, say, 'Norr')).toBeVisible();
  expect(seed(page)).toBeNull();

  const others = page.getByRole('group', { name: say('luna.seed') });
  await others.getByRole('radio').nth(3).check({ force: true });
  await expect.poll(() => seed(page)).toMatch(/^\d+$/);
  await page.getByRole('button', { name: say('luna.seed.follow') }).click();
  await expect.poll(() => seed(page)).toBeNull();
});

test('own colours are repaired where they cannot be read, and the page says from what to what', async ({ anonymous: page, say }) => {
  await page.goto('/luna?name=Northwind');
  await settled(page);
  await page.getByRole('radio', { name: say('luna.colours.own') }).check({ force: true });
  await page.getByRole('textbox', { name: say('luna.ink.primary'), exact: true }).fill('#ffee00');
  await expect(page.getByText(say('luna.repaired.light'))).toBeVisible();
  const figures = page.getByRole('region', { name: say('luna.figures') });
  await expect(figures.getByText('#827800')).toBeVisible();
  await expect(figures.getByText('#ffee00', { exact: true })).toBeVisible();
  await expect(onLight(page, say, 'Northwind')).toHaveAttribute('src', /primary=ffee00/);
  await page.getByRole('textbox', { name: say('luna.ink.primary'), exact: true }).fill('#ffee0');
  await expect(page.getByText(say('luna.colour.wrong'))).toBeVisible();
});

test('a name that the font cannot write is refused on its field, and the picture before stays', async ({ anonymous: page, say }) => {
  await page.goto('/luna?name=Northwind&lockup=stacked');
  await settled(page);
  await expect(onLight(page, say, 'Northwind')).toBeVisible();
  const name = page.getByLabel(say('luna.name'), { exact: true });
  await name.fill('日本');
  await expect(page.getByRole('alert').filter({ hasText: 'U+65E5' })).toBeVisible();
  await expect(name).toHaveAttribute('aria-invalid', 'true');
  await expect(onLight(page, say, 'Northwind')).toBeVisible();
  await page.getByRole('radio', { name: say('luna.lockup.mark') }).check({ force: true });
  await expect(onLight(page, say, '日本')).toBeVisible();
  await expect(name).not.toHaveAttribute('aria-invalid', 'true');
});

test('what cannot be drawn is asked for once, can neither be kept nor made a kit of, and typing on recovers', async ({ page, say }) => {
  await page.goto('/luna?name=Northwind&family=monogram');
  await settled(page);
  await expect(onLight(page, say, 'Northwind')).toBeVisible();
  await page.waitForLoadState('networkidle');
  const asked: string[] = [];
  page.on('request', (one) => one.url().includes('/luna/mark/') && asked.push(`${one.method()} ${one.url()}`));
  const name = page.getByLabel(say('luna.name'), { exact: true });
  await name.fill('日本');
  await expect(name).toHaveAttribute('aria-invalid', 'true');
  const keep = page.getByRole('button', { name: say('luna.keep'), exact: true });
  await expect(keep).toBeDisabled();
  await expect(keep).toHaveAccessibleDescription(say('luna.keep.refused'));
  const kit = page.getByRole('button', { name: say('luna.kit.make') });
  await expect(kit).toHaveAccessibleDescription(say('luna.kit.refused'));
  // The time after which the small pictures would have followed.
  await page.waitForTimeout(800);
  expect(asked).toHaveLength(1);
  expect(await axeFaults(page)).toEqual([]);
  await name.fill('Halcyon');
  await expect(onLight(page, say, 'Halcyon')).toBeVisible();
  await expect(keep).toBeEnabled();
  await expect(kit).toBeEnabled();
});

test('each choice is a step that Back undoes, and a typed colour is one', async ({ anonymous: page, say }) => {
  await page.goto('/luna?name=Northwind');
  await settled(page);
  const family = (of: string) => page.getByRole('group', { name: say('luna.family') }).getByRole('radio', { name: say(`luna.family.${of}`) });
  await family('petal').check({ force: true });
  await family('halo').check({ force: true });
  await page.getByRole('radio', { name: say('luna.colours.own') }).check({ force: true });
  const colour = page.getByRole('textbox', { name: say('luna.ink.primary'), exact: true });
  const first = await colour.inputValue();
  await colour.fill('#ff8800');
  await expect(page).toHaveURL(/primary=ff8800/);
  await colour.fill('#ff0088');
  await expect(page).toHaveURL(/primary=ff0088/);
  await page.goBack();
  await expect(colour).toHaveValue(first);
  await page.goBack();
  await expect(colour).toHaveCount(0);
  await page.goBack();
  await expect(family('petal')).toBeChecked();
  await page.goBack();
  await expect(family('orbit')).toBeChecked();
  await expect(onLight(page, say, 'Northwind')).toHaveAttribute('src', /orbit/);
});

test('what an address says wrongly is named', async ({ anonymous: page, say }) => {
  await page.goto('/luna?name=Northwind&family=cube&size=7000');
  await expect(page.getByText(say('luna.misread', { what: 'family=cube, size=7000' }))).toBeVisible();
  await expect(onLight(page, say, 'Northwind')).toBeVisible();
  await page.goto('/luna?name=Northwind&seed=99999999999999999999999');
  await expect(page.getByLabel(say('luna.seed.own'), { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('region', { name: say('luna.stage') })).toContainText('2^64');
});

test('a mark is kept, found in the history, and opened again', async ({ page, say }) => {
  await page.goto('/luna?name=Halcyon&family=lambda&emotion=creative&seed=77&lockup=horizontal&theme=dark');
  await settled(page);
  await page.getByRole('button', { name: say('luna.keep'), exact: true }).click();
  await page.getByRole('button', { name: say('luna.kept.look') }).click();
  await expect(page).toHaveURL('/luna/history');
  await settled(page);
  await page.getByRole('link', { name: /Halcyon/ }).first().click();
  const kept = page.getByRole('dialog', { name: 'Halcyon' });
  await expect(kept.getByText(say('luna.family.lambda'), { exact: true })).toBeVisible();
  await expect(kept.getByRole('img', { name: 'Halcyon' })).toBeVisible();
  await page.reload();
  await expect(kept.getByText('77', { exact: true })).toBeVisible();
  await kept.getByRole('link', { name: say('luna.reopen') }).click();
  await expect(page).toHaveURL(/\/luna\?.*family=lambda.*seed=77.*theme=dark/);
  await expect(onLight(page, say, 'Halcyon')).toHaveAttribute('src', /lambda\/creative\.svg\?seed=77.*lockup=horizontal/);

  await page.goto('/luna/history?view=list');
  await expect(page.getByRole('table').getByRole('link', { name: /Halcyon/ }).first()).toBeVisible();
  expect(await axeFaults(page)).toEqual([]);
  await page.getByRole('button', { name: say('luna.cleanup') }).click();
  const dialog = page.getByRole('dialog', { name: say('luna.cleanup.title') });
  const go = dialog.getByRole('button', { name: say('luna.cleanup.go'), exact: true });
  await expect(go).toBeDisabled();
  // Nothing here is ninety days old: it is counted, and cannot be pressed.
  await dialog.getByLabel(say('luna.cleanup.sure')).check();
  await expect(dialog.getByText(say('luna.cleanup.nothing'))).toBeVisible();
  await expect(go).toBeDisabled();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('table').getByRole('link', { name: /Halcyon/ }).first()).toBeVisible();
});

test('a brand kit is made while one looks on, fetched, and deleted', async ({ page, say }) => {
  await page.goto('/luna?name=Kitty&family=tessera&emotion=serenity');
  await settled(page);
  await page.getByRole('button', { name: say('luna.kit.make') }).click();
  const card = page.getByRole('region', { name: say('luna.kit') });
  const link = card.getByRole('link', { name: say('luna.kit.download') });
  await expect(link).toBeVisible();
  const zip = await page.request.get((await link.getAttribute('href')) ?? '');
  expect(zip.headers()['content-type']).toBe('application/zip');
  await card.getByRole('link', { name: say('luna.kit.all') }).click();
  await settled(page);
  const row = page.getByRole('row').filter({ hasText: 'Kitty' }).first();
  await expect(row).toContainText(say('luna.state.done'));
  await row.getByRole('link').click();
  const kit = page.getByRole('dialog', { name: 'Kitty' });
  await kit.getByRole('button', { name: say('luna.kit.remove') }).click();
  const sure = page.getByRole('dialog', { name: say('luna.kit.remove.title') });
  await sure.getByRole('button', { name: say('luna.kit.remove') }).click();
  await expect(kit).toBeHidden();
  await expect(page.getByRole('row').filter({ hasText: 'Kitty' })).toHaveCount(0);
});

test('history and kits say what signing in adds; nothing is wider than a small telephone', async ({ anonymous: page, say }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const [path, title] of [['/luna/history', 'luna.history.needs'], ['/luna/kits', 'luna.kits.needs']] as const) {
    await page.goto(path);
    await expect(page.getByText(say(title))).toBeVisible();
    await expect(page.getByRole('main').getByRole('link', { name: say('session.sign_in') })).toHaveAttribute('href', /next=/);
  }
  await page.goto('/luna?name=Northwind+Observatory&lockup=horizontal&primary=ffee00');
  await settled(page);
  await expect(onLight(page, say, 'Northwind Observatory')).toBeVisible();
  expect(await tooWide(page)).toBe(0);
  expect(await axeFaults(page)).toEqual([]);
});
