// Proof as its reader uses it: a drill is run and watched, its record is read down to the samples, and somebody's report is judged by it.
import { expect, settled, test } from '../fixtures';

test('a drill is run, followed through a reload, and ends at its record', async ({ page, say }) => {
  test.setTimeout(180_000);
  await page.goto('/proof/run?only=none');
  await settled(page);
  const start = page.getByRole('button', { name: say('proof.choose.start') });
  await expect(start).toHaveAttribute('aria-disabled', 'true');
  await expect(page.getByText(say('proof.choose.none')).first()).toBeVisible();
  for (const area of ['models', 'supply'] as const) await page.getByRole('checkbox', { name: say(`proof.area.${area}`), exact: true }).check();
  await expect(page).toHaveURL(/only=supply%2Cmodels/);
  await expect(page.getByText('aplomb prove --only supply,models')).toBeVisible();
  await start.click();
  await expect(page).toHaveURL(/\/proof\/run\?job=/);
  await page.reload();
  // It may have ended by then: its page leads to the record in both cases.
  const record = page.getByRole('link', { name: say('proof.watch.record') });
  const outcome = page.getByRole('region', { name: say('proof.outcome.label') });
  await expect(record.or(outcome)).toBeVisible({ timeout: 120_000 });
  if (await record.isVisible()) await record.click();
  await expect(page).toHaveURL(/\/proof\/runs\/2/);
  await expect(outcome).toBeVisible();
});

test('from the last run two steps lead to the evidence of a check', async ({ page, say }) => {
  await page.goto('/proof');
  await settled(page);
  await expect(page.getByRole('region', { name: say('proof.outcome.label') })).toBeVisible();
  await page.getByRole('link', { name: new RegExp(`^${say('proof.area.supply')}`) }).click();
  await expect(page).toHaveURL(/area=supply/);
  const rows = page.getByRole('row').filter({ hasText: 'supply.' });
  await expect(page.getByRole('row').filter({ hasText: 'models.' })).toHaveCount(0);
  await rows.filter({ hasText: 'supply.sbom' }).getByRole('link').click();
  await expect(page).toHaveURL('/proof/checks/supply.sbom');
  await expect(page.getByRole('region', { name: say('proof.check.verdict') })).toContainText(say('proof.standing.passed'));
  await expect(page.getByText('aplomb prove --only supply.sbom')).toBeVisible();
  await expect(page.getByText('aplomb prove --explain supply.sbom')).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(/area=supply/);
});

test('the signature of a record holds in the browser, and the record can be taken along', async ({ page, say }) => {
  await page.goto('/proof/history');
  await settled(page);
  await page.getByRole('table', { name: say('proof.history.title') }).getByRole('link').first().click();
  await expect(page).toHaveURL(/\/proof\/runs\/2/);
  await page.getByRole('button', { name: say('proof.seal.look') }).click();
  await expect(page.getByText(say('proof.seal.holds'))).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: say('proof.origin.download') }).click();
  expect((await download).suggestedFilename()).toMatch(/^2.*Z\.json$/);
});

test('the catalogue is narrowed by a word, and the address keeps it', async ({ page, say }) => {
  await page.goto('/proof/checks');
  await settled(page);
  await page.getByRole('searchbox', { name: say('proof.rows.search') }).fill('surface.headers');
  await expect(page).toHaveURL(/q=surface\.headers/);
  await expect(page.getByRole('row')).toHaveCount(2);
  await page.reload();
  await expect(page.getByRole('row')).toHaveCount(2);
  await page.getByRole('row').last().getByRole('link').click();
  await expect(page.getByRole('heading', { name: say('proof.check.when_it_fails') })).toBeVisible();
});

test('a report is judged claim by claim, also one with damaged accents', async ({ page, say }) => {
  await page.goto('/proof/import');
  await settled(page);
  await page.getByRole('button', { name: say('proof.import.example'), exact: true }).click();
  await expect(page.getByRole('row').filter({ hasText: '34 req/s' })).toContainText(say('proof.verdict.contradicted'));
  await page.getByRole('link', { name: say('proof.verdict.contradicted') }).click();
  await expect(page).toHaveURL(/verdict=contradicted/);
  await expect(page.getByRole('row').filter({ hasText: 'Argon2id' })).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('row').filter({ hasText: '34 req/s' })).toBeVisible();
  await page.getByRole('button', { name: say('proof.import.other'), exact: true }).click();
  await page.getByLabel(say('proof.import.choose')).setInputFiles({ name: 'BILAN.md', mimeType: 'text/markdown', buffer: Buffer.from('# Bilan\n\n- [x] EntÃªtes de sÃ©curitÃ©\n- [x] Sauvegardes chiffrÃ©es\n') });
  await expect(page.getByRole('row').filter({ hasText: 'Entêtes de sécurité' })).toBeVisible();
});

test('who is not signed in learns what stands here', async ({ anonymous: page, say }) => {
  await page.goto('/proof/run');
  await expect(page.getByText(say('proof.anonymous.title'))).toBeVisible();
  await expect(page.getByRole('main').getByRole('link', { name: say('session.sign_in') })).toBeVisible();
});

test('a check is run again from its own page, and the run can be cancelled', async ({ page, say }) => {
  await page.goto('/proof/checks/durability.queue');
  await settled(page);
  await page.getByRole('button', { name: say('proof.check.again') }).click();
  await expect(page).toHaveURL(/\/proof\/run\?job=/);
  await page.getByRole('button', { name: say('proof.watch.cancel') }).click();
  await expect(page.getByText(say('proof.watch.cancelled_what'))).toBeVisible({ timeout: 30_000 });
  await page.getByRole('link', { name: say('proof.watch.other') }).click();
  await expect(page.getByRole('button', { name: say('proof.choose.start') })).toBeVisible();
});
