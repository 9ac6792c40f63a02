import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser, openBrowser } from '../support/browser.ts';
import { testDashboard } from '../support/dashboard.ts';
import { makeFakeRun } from '../support/fake-run.ts';
import { temporaryRoots } from '../support/temporary-root.ts';

const newFolder = temporaryRoots();
const chart = (page: Page) => page.locator('.compare-chart [aria-roledescription="chart"]');
const label = (page: Page) => chart(page).getAttribute('aria-label');

/** Rewards that differ from seed to seed by a constant: their mean is known. */
const rewardOf = (seed: number) => (step: number) => ({
  reward: step / 2000 + seed,
  num_tokens: step * 100,
});

describeInBrowser('a comparison of runs', () => {
  it('puts selected runs on one chart: smoothed, on a logarithm, over tokens, as a mean over seeds, zoomed', async () => {
    const root = newFolder();
    for (const seed of [0, 1, 2])
      makeFakeRun(root, { name: `seed-${seed}`, seed, steps: 2000, metricsAt: rewardOf(seed) });
    const dashboard = await testDashboard(root);
    const page = await (await openBrowser()).newPage();
    await page.goto(dashboard.url);
    await page.goto(`${dashboard.origin}/runs`);
    for (const name of ['seed-0', 'seed-1', 'seed-2'])
      await page.getByLabel(`Select ${name}`).check();
    await page.getByText('3 runs selected').waitFor();
    await page.getByRole('link', { name: 'Compare' }).click();
    await expect.poll(() => label(page)).toContain('seed-2');

    await page.getByText('Tokens', { exact: true }).click();
    await expect.poll(() => label(page)).toContain('tokens');
    await page.getByLabel('Smoothing').fill('0.9');
    await page.getByLabel('Log scale').check();
    await expect.poll(() => page.url()).toMatch(/x=tokens.*smoothing=0.9.*log=1/);
    await page.getByText('Steps', { exact: true }).click();
    await zoomsAndResets(page);

    await page.getByLabel('Mean over seeds').check();
    // Rewards end at 1, 2 and 3: their mean is 2, in one band.
    const band = page.locator('.legend tbody tr');
    await expect.poll(() => band.count()).toBe(1);
    expect(await band.textContent()).toMatch(/3 seeds/);
    await expect.poll(() => band.locator('td').first().textContent()).toBe('2');

    await page.getByLabel('As a table').check();
    await page.locator('.curve-table tbody tr').first().waitFor();
    expect(await page.locator('.options-differ').textContent()).toContain('seed');
  });
});

/** A part of 2,000 steps has its own points: what comes from the server is finer than what was shown. */
async function zoomsAndResets(page: Page): Promise<void> {
  await expect.poll(() => label(page)).toContain('to 2000;');
  const whole = await label(page);
  const box = (await chart(page).locator('.u-over').boundingBox())!;
  const middle = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.4, middle);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, middle, { steps: 4 });
  await page.mouse.up();
  // A tenth of 2,000 steps: about 200 points, none merged.
  await expect.poll(() => label(page)).toMatch(/seed-0: (19|20)\d points from step (79|80)/);
  await chart(page).locator('.u-over').dblclick();
  await expect.poll(() => label(page)).toBe(whole);
}
