import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser, openBrowser } from '../support/browser.ts';
import { testDashboard } from '../support/dashboard.ts';
import { temporaryRoots } from '../support/temporary-root.ts';
import { liveRun } from './live-run.ts';

const newFolder = temporaryRoots();

/** The chart of the headline metric, which says in its label how many points it has. */
const headline = (page: Page) => page.locator('.run-headline [aria-roledescription="chart"]');

/** A mark that a reload would wipe away. */
const plant = (page: Page) =>
  page.evaluate(() => {
    document.body.dataset['planted'] = 'yes';
  });
const isStillThere = (page: Page) =>
  page.evaluate(() => document.body.dataset['planted'] === 'yes');

describeInBrowser('a page that stays open', () => {
  it('shows a run that starts, and its chart grows without a reload', async () => {
    const root = newFolder();
    const dashboard = await testDashboard(root);
    const page = await (await openBrowser()).newPage();
    await page.goto(dashboard.url);
    await page.getByRole('link', { name: 'Runs' }).first().click();
    await page.getByText('npm run quickstart').waitFor();
    await plant(page);

    const run = liveRun(root, 'newborn');
    run.log(1, 5);
    const row = page.locator('tr[data-run="newborn"]');
    await row.getByText('Running', { exact: true }).waitFor();
    await row.getByRole('link', { name: 'newborn' }).click();
    await expect.poll(() => headline(page).getAttribute('aria-label')).toContain('5 points');
    run.log(6, 12);
    await expect.poll(() => headline(page).getAttribute('aria-label')).toContain('12 points');
    run.end(12);
    await page.locator('.run-state').getByText('Finished').waitFor();
    expect(await isStillThere(page)).toBe(true);
  });

  it('follows two runs at once', async () => {
    const root = newFolder();
    const runs = ['first', 'second'].map((name) => liveRun(root, name));
    const dashboard = await testDashboard(root);
    const page = await (await openBrowser()).newPage();
    await page.goto(dashboard.url);
    await page.goto(`${dashboard.origin}/runs`);
    const steps = (name: string) =>
      page.locator(`tr[data-run="${name}"] td.number`).first().textContent();
    for (const end of [4, 8]) {
      for (const [place, run] of runs.entries()) run.log(end - 3, end + place);
      await expect.poll(() => steps('first')).toContain(`${end} / 20`);
      await expect.poll(() => steps('second')).toContain(`${end + 1} / 20`);
    }
    for (const run of runs) run.end(9);
  });

  it('says when the server is gone, and goes on by itself when it is back', async () => {
    const root = newFolder();
    const run = liveRun(root, 'steady');
    run.log(1, 3);
    const token = 'a-token-of-this-test';
    const first = await testDashboard(root, { token });
    const page = await (await openBrowser()).newPage();
    await page.goto(first.url);
    await page.goto(`${first.origin}/runs`);
    await page.getByRole('link', { name: 'steady' }).click();
    await expect.poll(() => headline(page).getAttribute('aria-label')).toContain('3 points');
    await page.getByText('Live', { exact: true }).waitFor();
    await plant(page);

    await first.close();
    await page.getByText('Server gone').waitFor();
    run.log(4, 7);
    await testDashboard(root, { token, port: Number(new URL(first.origin).port) });
    await page.getByText('Live', { exact: true }).waitFor();
    await expect.poll(() => headline(page).getAttribute('aria-label')).toContain('7 points');
    expect(await isStillThere(page)).toBe(true);
    run.end(7);
  });
});
