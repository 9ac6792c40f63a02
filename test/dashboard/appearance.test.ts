import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser, openBrowser } from '../support/browser.ts';
import { testDashboard } from '../support/dashboard.ts';
import { makeFakeRun } from '../support/fake-run.ts';
import { temporaryRoots } from '../support/temporary-root.ts';
import { faintTexts } from './contrast.ts';

const newFolder = temporaryRoots();
const longName = `a-run-whose-name-has-all-its-options-${'learning-rate-0.0003-'.repeat(5)}`;
const addresses = [
  '/',
  '/runs',
  '/runs/1',
  '/runs/1?view=configuration',
  '/runs/1?view=timeline',
  '/runs/1/completions?colour=logprob',
  '/runs/1/completions?colour=advantage',
  '/compare?runs=1,2',
  '/nowhere',
];

async function openPages(width: number, colorScheme: 'light' | 'dark') {
  const root = newFolder();
  const folder = makeFakeRun(root, { name: longName, completionSteps: [10, 20] });
  writeFileSync(join(folder, 'annotations.json'), JSON.stringify({ notes: 'word'.repeat(200) }));
  makeFakeRun(root, { name: 'other', seed: 1 });
  const dashboard = await testDashboard(root);
  const page = await (await openBrowser({ width, colorScheme })).newPage();
  await page.goto(dashboard.url);
  return { page, origin: dashboard.origin };
}

async function visit(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.locator('h1, .empty h2').first().waitFor();
  await page.waitForLoadState('networkidle').catch(() => {});
}

const background = (page: Page) =>
  page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

describeInBrowser('how the pages look', () => {
  for (const [width, theme] of [
    [1280, 'light'],
    [390, 'dark'],
  ] as const)
    it(`${theme}, ${width} pixels wide: every text can be read, and nothing is wider than the window`, async () => {
      const { page, origin } = await openPages(width, theme);
      for (const address of addresses) {
        await visit(page, origin + address);
        expect({ address, faint: await faintTexts(page) }).toEqual({ address, faint: [] });
        const excess = () =>
          page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect({ address, excess: await excess() }).toEqual({ address, excess: 0 });
      }
    });

  it('follows the system’s theme, and the chosen one from then on', async () => {
    const { page, origin } = await openPages(1280, 'dark');
    await visit(page, `${origin}/runs/1`);
    const dark = await background(page);
    await page.getByRole('button', { name: 'Use the light theme' }).click();
    const light = await background(page);
    expect(light).not.toBe(dark);
    await page.reload();
    expect(await background(page)).toBe(light);
    // The keys are heard once the page is drawn.
    await page.getByRole('button', { name: 'Use the dark theme' }).waitFor();
    await page.keyboard.press('d');
    await expect.poll(() => background(page)).toBe(dark);
  });
});

describeInBrowser('the pages by keyboard', () => {
  it('have a way past the header, sort and select, read charts, and list their keys', async () => {
    const { page, origin } = await openPages(1280, 'light');
    await visit(page, `${origin}/runs`);
    await page.keyboard.press('Tab');
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.textContent))
      .toBe('Skip to content');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('main');

    const head = page.getByRole('columnheader', { name: 'Run', exact: true });
    await head.getByRole('button').press('Enter');
    expect(await head.getAttribute('aria-sort')).toBe('ascending');
    await page.getByLabel('Select other').press('Space');
    await page.getByText('1 run selected').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('other');
    await page.getByText('1 run of 2').waitFor();
    await page.getByRole('link', { name: 'other' }).press('Enter');

    const chart = page.locator('.run-headline [aria-roledescription="chart"]');
    // A chart that is still being laid out would move under its cursor.
    const widths: (number | undefined)[] = [];
    const isSettled = async () => {
      widths.push((await chart.locator('canvas').boundingBox())?.width);
      return widths.at(-1) !== undefined && widths.at(-1) === widths.at(-2);
    };
    await expect.poll(isSettled, { interval: 250 }).toBe(true);
    await chart.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.locator('.run-headline output').textContent()).toContain('step 2');
    await page.keyboard.press('+');
    await page.getByRole('button', { name: 'Show all' }).waitFor();
    await page.keyboard.press('0');
    await page.locator('.run-headline').getByRole('button', { name: 'as a table' }).press('Enter');
    await expect.poll(() => page.locator('.run-headline tbody tr').count()).toBe(20);

    await page.getByRole('button', { name: 'loss', exact: true }).focus();
    expect(await page.getByRole('tooltip').filter({ hasText: 'Loss that is' }).isVisible()).toBe(
      true,
    );
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
  });

  it('keep notes and tags', async () => {
    const { page, origin } = await openPages(1280, 'light');
    await visit(page, `${origin}/runs/2`);
    await page.getByRole('button', { name: 'Add notes or tags' }).click();
    await page.getByLabel('Tags, separated by commas').fill('baseline, baseline, short');
    await page.getByRole('textbox', { name: 'Notes' }).fill('Half the rows.');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Half the rows.').waitFor();
    await page.getByRole('link', { name: 'short' }).click();
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
    expect(await page.locator('tbody .tag').allTextContents()).toEqual(['baseline', 'short']);
  });
});
