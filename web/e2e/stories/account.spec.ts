// What is one's own: name, second factor from the picture to the recovery codes and back, sign-ins, and the password.
import { createHmac } from 'node:crypto';
import { axeFaults, expect, OWNER, settled, test, tooWide } from '../fixtures';

/** A code of an authenticator (RFC 6238): SHA-1, six digits, thirty seconds. */
function codeOf(secret: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replaceAll(/[^A-Z2-7]/g, '')].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = (mac[19] ?? 0) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

test('a name is changed, and changed back', async ({ page, say }) => {
  await page.goto('/account');
  await settled(page);
  const name = page.getByRole('textbox', { name: say('account.name'), exact: true });
  const before = await name.inputValue();
  await name.fill(`${before} B.`);
  await page.getByRole('button', { name: say('save') }).click();
  await expect(page.getByText(say('account.profile.saved'))).toBeVisible();
  await page.getByRole('button', { name: say('account.undo') }).click();
  await expect(name).toHaveValue(before);
  await page.reload();
  await expect(name).toHaveValue(before);
  expect(await axeFaults(page)).toEqual([]);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await tooWide(page)).toBe(0);
});

test('what was typed and not sent is there again, and the only owner learns beforehand that he cannot leave', async ({ page, say }) => {
  await page.goto('/account');
  await settled(page);
  const name = page.getByRole('textbox', { name: say('account.name'), exact: true });
  const before = await name.inputValue();
  await name.fill('Ada King');
  await page.getByRole('button', { name: say('account.places.make') }).click();
  const dialog = page.getByRole('dialog', { name: say('account.places.make') });
  await dialog.getByLabel(say('account.places.name')).fill('Observatory');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await page.getByRole('link', { name: say('nav.overview') }).first().click();
  await expect(page).toHaveURL('/');
  await page.goBack();
  await expect(name).toHaveValue('Ada King');
  await page.getByRole('button', { name: say('account.places.make') }).click();
  await expect(dialog.getByLabel(say('account.places.name'))).toHaveValue('Observatory');
  await page.keyboard.press('Escape');

  const leave = page.getByRole('list', { name: say('account.places') }).getByRole('button', { name: new RegExp(say('account.places.leave')) }).last();
  await expect(leave).toBeDisabled();
  await expect(leave).toHaveAccessibleDescription(say('account.places.leave.alone'));

  let isAsked = false;
  page.on('dialog', (one) => {
    isAsked ||= one.type() === 'beforeunload';
    void one.accept();
  });
  await page.reload();
  expect(isAsked).toBe(true);
  await expect(name).toHaveValue(before);
});

test('a second factor is set up from its picture, gives its recovery codes once, and is switched off', async ({ page, say }) => {
  await page.goto('/account');
  await page.getByRole('button', { name: say('account.factor.enable') }).click();
  const dialog = page.getByRole('dialog');
  const password = dialog.getByLabel(say('account.password.current'));
  await password.fill('not it, not it');
  await dialog.getByRole('button', { name: say('account.factor.next') }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await password.fill(OWNER.password);
  await dialog.getByRole('button', { name: say('account.factor.next') }).click();
  await expect(dialog.getByRole('img', { name: say('account.factor.picture') })).toBeVisible();
  expect(await axeFaults(page)).toEqual([]);
  const secret = await dialog.locator('code').first().innerText();
  await dialog.getByLabel(say('account.factor.code'), { exact: true }).fill(codeOf(secret));
  await dialog.getByRole('button', { name: say('account.factor.confirm') }).click();
  await expect(dialog.getByRole('listitem')).toHaveCount(10);
  await page.keyboard.press('Escape');
  await expect(dialog.getByRole('listitem')).toHaveCount(10);
  await dialog.getByLabel(say('account.factor.kept')).check();
  await dialog.getByRole('button', { name: say('account.factor.finish') }).click();
  await expect(page.getByText(say('account.factor.on.about'))).toBeVisible();

  await page.getByRole('button', { name: say('account.factor.disable') }).click();
  await dialog.getByLabel(say('account.password.current')).fill(OWNER.password);
  await dialog.getByRole('button', { name: say('account.factor.disable') }).click();
  await expect(page.getByText(say('account.factor.off.about'))).toBeVisible();
});

test('a sign-in elsewhere is seen and ended', async ({ page, anonymous, say }) => {
  const signedIn = await anonymous.request.post('/api/v1/auth/login', { headers: { 'user-agent': 'night-owl/3.1', origin: process.env['ADDRESS'] ?? '' }, data: { email: OWNER.email, password: OWNER.password } });
  expect(signedIn.status()).toBe(200);
  await page.goto('/account');
  const row = page.getByRole('list', { name: say('account.sign_ins') }).getByRole('listitem').filter({ hasText: 'night-owl 3.1' });
  await expect(row.first()).toBeVisible();
  const count = await row.count();
  await row.first().getByRole('button').click();
  await expect(row).toHaveCount(count - 1);
  if (count === 1) expect((await anonymous.request.get('/api/v1/auth/me')).status()).toBe(401);
});

test('who has not signed in learns what would stand here', async ({ anonymous, say }) => {
  await anonymous.goto('/account');
  await expect(anonymous.getByText(say('account.anonymous'), { exact: true })).toBeVisible();
  await expect(anonymous.getByRole('main').getByRole('link', { name: say('session.sign_in') })).toHaveAttribute('href', /^\/sign-in\?.*next=%2Faccount$/);
});
