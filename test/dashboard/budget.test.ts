import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser, openBrowser } from '../support/browser.ts';
import { testDashboard } from '../support/dashboard.ts';
import { makeManyRuns } from '../support/many-runs.ts';
import { temporaryRoots } from '../support/temporary-root.ts';

const newFolder = temporaryRoots();
const budgetMs = 1000;

/** Loads the page up to its last row. @returns milliseconds from the request to the first paint. */
async function load(page: Page): Promise<number> {
  await page.reload();
  await page.locator('tbody tr').nth(199).waitFor();
  return page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
  );
}

describeInBrowser('200 runs and a million points', () => {
  it('are painted within a second, and a long run shows no more points than a chart has room for', async () => {
    const root = newFolder();
    makeManyRuns(root);
    const dashboard = await testDashboard(root);
    const page = await (await openBrowser()).newPage();
    await page.goto(dashboard.url);
    await page.goto(`${dashboard.origin}/runs`);
    // The fastest of a few: other tests share the processors.
    await expect.poll(() => load(page), { timeout: 60_000 }).toBeLessThan(budgetMs);
    await page.locator('tbody tr').first().getByRole('link').click();
    const chart = page.locator('.run-headline [aria-roledescription="chart"]');
    await expect
      .poll(() => chart.getAttribute('aria-label'))
      .toMatch(/: [3-6]\d\d points from step 1/);
  }, 120_000);
});
