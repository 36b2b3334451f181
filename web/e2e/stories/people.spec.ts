// Who is in the workspace: a colleague is invited, comes, gets another role, is disabled and taken out again.
import { request, type APIRequestContext } from '@playwright/test';
import { axeFaults, expect, OWNER, settled, test, tooWide } from '../fixtures';

const PASSWORD = 'seven lamps under a quiet tide';
/** A cookie changes something only for the server's own pages. */
const headers = { origin: process.env['ADDRESS'] ?? '' };
const outside = () => request.newContext({ baseURL: process.env['ADDRESS'] ?? '' });

/** Somebody who is in the workspace already, by the API. */
async function member(api: APIRequestContext, email: string, name: string): Promise<string> {
  const invited = await api.post('/api/v1/users', { headers, data: { email, name, role: 'member' } });
  expect(invited.status()).toBe(201);
  const { link } = (await invited.json()) as { link: string };
  const token = link.slice(link.indexOf('#') + 1);
  const stranger = await outside();
  const accepted = await stranger.post('/api/v1/auth/invite/accept', { headers, data: { token, name, password: PASSWORD } });
  expect(accepted.status()).toBe(200);
  const { user } = (await accepted.json()) as { user: string };
  await stranger.dispose();
  return user;
}

test('a colleague is invited by a link that is shown once, and the invitation is withdrawn', async ({ page, say, language }) => {
  const email = `grace.${language}@example.org`;
  await page.goto('/admin/people');
  await settled(page);
  await page.getByRole('button', { name: say('people.invite') }).first().click();
  const form = page.getByRole('dialog');
  await expect(form.getByRole('button', { name: say('people.invite.do') })).toHaveAttribute('aria-disabled', 'true');
  await form.getByLabel(say('people.mail')).fill('nobody');
  await form.getByRole('radio', { name: new RegExp(say('people.role.viewer')) }).check();
  await form.getByRole('button', { name: say('people.invite.do') }).click();
  await expect(form.getByLabel(say('people.mail'))).toHaveAttribute('aria-invalid', 'true');
  await form.getByLabel(say('people.mail')).fill(email);
  await form.getByRole('button', { name: say('people.invite.do') }).click();
  await expect(page.getByRole('dialog').getByLabel(say('people.link'))).toContainText('/invite#');
  expect(await axeFaults(page)).toEqual([]);
  await page.getByRole('button', { name: say('people.link.done') }).click();

  await page.getByRole('link', { name: say('people.part.invitations') }).click();
  const list = page.getByRole('list', { name: say('people.part.invitations') });
  await expect(list).toContainText(email);
  await page.getByRole('button', { name: say('people.withdraw.for', { email }) }).click();
  await page.getByRole('dialog').getByRole('button', { name: say('people.withdraw') }).click();
  await expect(page.getByText(say('people.withdrawn', { email }))).toBeVisible();
  await expect(page.getByRole('button', { name: say('people.withdraw.for', { email }) })).toHaveCount(0);
});

test('a member gets another role, is disabled, and is taken out', async ({ page, api, say, language }) => {
  const email = `linus.${language}@example.org`;
  const name = `Linus ${language}`;
  const id = await member(api, email, name);
  await page.goto('/admin/people');
  await page.getByRole('searchbox').fill(email);
  await page.getByRole('row', { name: new RegExp(name) }).click();
  await expect(page).toHaveURL(new RegExp(`selected=${id}`));
  const panel = page.getByRole('dialog', { name });
  await panel.getByRole('radio', { name: new RegExp(`^${say('people.role.operator')}`) }).check();
  await panel.getByRole('button', { name: say('people.role.change') }).click();
  await expect(page.getByText(say('people.role.done', { name, role: say('people.role.operator') }))).toBeVisible();
  expect(await axeFaults(page)).toEqual([]);

  await panel.getByRole('button', { name: say('people.disable') }).click();
  await expect(panel.getByText(say('people.state.disabled'))).toBeVisible();
  const stranger = await outside();
  expect((await stranger.post('/api/v1/auth/login', { headers, data: { email, password: PASSWORD } })).status()).toBe(401);
  await stranger.dispose();
  await panel.getByRole('button', { name: say('people.enable') }).click();
  await expect(panel.getByText(say('people.state.active'))).toBeVisible();

  await panel.getByRole('button', { name: say('people.remove.do') }).click();
  const ask = page.getByRole('dialog', { name: say('people.remove.title', { name, place: 'Home' }) });
  await ask.getByRole('button', { name: say('people.remove.do') }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect((await api.get(`/api/v1/users/${id}`)).status()).toBe(404);
});

test('the last owner cannot go, and the control says why; back closes what was opened', async ({ page, say }) => {
  await page.goto('/admin/people');
  await page.getByRole('row', { name: new RegExp(OWNER.name) }).click();
  const panel = page.getByRole('dialog', { name: OWNER.name });
  const leave = panel.getByRole('button', { name: say('people.leave.do') });
  await expect(leave).toHaveAttribute('aria-disabled', 'true');
  await expect(leave).toHaveAccessibleDescription(say('people.why.last_owner'));
  await page.goBack();
  await expect(panel).toHaveCount(0);
  await page.setViewportSize({ width: 360, height: 760 });
  expect(await tooWide(page)).toBe(0);
});

test('the workspace gets another name and its old one back', async ({ page, say, language }) => {
  await page.goto('/admin/people?part=workspace');
  const name = page.getByLabel(say('people.place.name'));
  const before = await name.inputValue();
  await name.fill(`Northwind ${language}`);
  await page.getByRole('button', { name: say('people.place.rename') }).click();
  await expect(page.getByText(say('people.place.renamed', { name: `Northwind ${language}` }))).toBeVisible();
  await page.getByRole('button', { name: say('people.undo') }).click();
  await expect(name).toHaveValue(before);
});

test('a stranger learns what stands here and how to get in', async ({ anonymous, say }) => {
  await anonymous.goto('/admin/people');
  await expect(anonymous.getByText(say('people.gate.text'))).toBeVisible();
  await expect(anonymous.locator('main').getByRole('link', { name: say('session.sign_in') })).toHaveAttribute('href', /next=%2Fadmin%2Fpeople/);
});
