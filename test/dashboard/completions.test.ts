import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser, openBrowser } from '../support/browser.ts';
import { testDashboard } from '../support/dashboard.ts';
import { makeFakeRun } from '../support/fake-run.ts';
import { temporaryRoots } from '../support/temporary-root.ts';

const newFolder = temporaryRoots();

/** The completions of a run that stored steps 10 and 20: two prompts of two completions each. */
async function openCompletions(): Promise<Page> {
  const root = newFolder();
  makeFakeRun(root, { name: 'sums', completionSteps: [10, 20] });
  const dashboard = await testDashboard(root);
  const page = await (await openBrowser()).newPage();
  await page.goto(dashboard.url);
  await page.goto(`${dashboard.origin}/runs`);
  await page.getByRole('link', { name: 'sums' }).click();
  await page.getByRole('link', { name: 'Completions' }).click();
  await page.getByText('4 completions of 2 prompts at step 20').waitFor();
  return page;
}

describeInBrowser('the completions of a run', () => {
  it('are filtered by text, ending and reward, colour their tokens, and differ from step to step', async () => {
    const page = await openCompletions();
    const cards = page.locator('.completion');
    expect(await cards.count()).toBe(4);
    expect(await cards.first().textContent()).toContain('+0.5');

    await page.getByRole('searchbox').fill('i would SAY');
    await page.getByText('2 completions of 2 prompts').waitFor();
    await page.getByRole('searchbox').fill('');
    await expect.poll(() => cards.count()).toBe(4);
    await page.getByLabel('Ended by').selectOption('stop');
    await page.getByText('2 completions of 2 prompts').waitFor();
    await expect.poll(() => page.getByText('✂ cut').count()).toBe(0);
    await page.getByLabel('Ended by').selectOption('');
    await expect.poll(() => cards.count()).toBe(4);
    await page.getByLabel('Highest reward').fill('0.5');
    await expect.poll(() => cards.count()).toBe(2);
    await page.getByLabel('Highest reward').fill('');
    await expect.poll(() => cards.count()).toBe(4);

    await coloursTokens(page);
    await showsDifferences(page);
    await goesThroughSteps(page);
  });
});

async function coloursTokens(page: Page): Promise<void> {
  await page.getByLabel('Colour tokens by').selectOption('logprob');
  const tokens = page.locator('.completion').first().locator('.token');
  await tokens.first().waitFor();
  const background = (place: number) =>
    tokens.nth(place).evaluate((token) => getComputedStyle(token).backgroundColor);
  // Log-probabilities go 0, −0.25, … −1.5 and round again: the seventh token is the hottest.
  expect(await background(6)).not.toBe(await background(0));
  // The third token of each completion was left out of training: struck, not only coloured.
  const decoration = (place: number) =>
    tokens.nth(place).evaluate((token) => getComputedStyle(token).textDecorationLine);
  expect([await decoration(1), await decoration(2)]).toEqual(['none', 'line-through']);
  await page.getByRole('region', { name: 'Legend' }).getByText('−6 nats').waitFor();

  const reading = page.locator('.completion').first().locator('.token-reading');
  await tokens.nth(6).hover();
  await expect.poll(() => reading.textContent()).toContain('log-probability −1.5');
  await page.locator('.tokens').first().focus();
  for (const key of ['Home', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
  await expect.poll(() => reading.textContent()).toContain('left out by a filter or mask');
  // Arrow keys within the tokens do not leave the step.
  expect(page.url()).not.toContain('step=');
  await page.getByLabel('Colour tokens by').selectOption('none');
}

async function showsDifferences(page: Page): Promise<void> {
  const group = page.locator('.group-card').first();
  await group.getByRole('button', { name: 'Compare with other steps' }).click();
  const history = group.getByRole('region', { name: 'Comparison over steps' });
  await expect.poll(() => history.locator('.diff del').allTextContents()).toEqual(['10']);
  await expect.poll(() => history.locator('.diff ins').allTextContents()).toEqual(['20']);
  await history.getByLabel('From step').selectOption('20');
  await expect.poll(() => history.locator('.diff ins').count()).toBe(0);
}

async function goesThroughSteps(page: Page): Promise<void> {
  await page.locator('h1').click();
  await page.keyboard.press('ArrowLeft');
  await page.getByText('4 completions of 2 prompts at step 10').waitFor();
  expect(page.url()).toContain('step=10');
  await page.getByRole('button', { name: 'Newest' }).click();
  await page.getByText('at step 20').waitFor();
}
