import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { describeInBrowser, openBrowser } from '../support/browser.ts';
import { testDashboard } from '../support/dashboard.ts';
import { workplace } from '../support/laurel-command.ts';

const { write, path, laurel } = workplace();

/** Steps short enough to see many, in a run too long to end by itself. */
write(
  'long.yaml',
  stringify({
    dataset_name: 'data',
    tokenizer: 'byte',
    model: { hidden_size: 32, num_hidden_layers: 1, num_attention_heads: 2 },
    reward_funcs: ['exact_match_reward'],
    solution_column: 'answer',
    num_generations: 4,
    per_device_train_batch_size: 8,
    max_completion_length: 6,
    max_steps: 100_000,
    logging_steps: 5,
    save_steps: 50_000,
  }),
);

const train = (name: string) =>
  laurel(['grpo', '--config', 'long.yaml', '--output_dir', `runs/${name}`]);

const stepsOf = async (page: Page): Promise<number> => {
  const text = await page.locator('.run-steps').textContent();
  return Number(text?.replaceAll(',', '').match(/step (\d+)/)?.[1]);
};

async function confirm(page: Page, action: 'Stop' | 'Resume'): Promise<void> {
  await page.getByRole('button', { name: action, exact: true }).click();
  await page.getByRole('button', { name: `${action} the run` }).click();
}

describeInBrowser('real trainers under the dashboard', () => {
  it('two train at once; each is stopped from the page, and one resumed', async () => {
    const dashboard = await testDashboard(path('runs'), { live: { pollMs: 200, refreshMs: 500 } });
    const page = await (await openBrowser()).newPage();
    await page.goto(dashboard.url);
    await page.goto(`${dashboard.origin}/runs`);
    const ended = [train('one'), train('two')];
    for (const name of ['one', 'two'])
      await page
        .locator(`tr[data-run="${name}"]`)
        .getByText('Running', { exact: true })
        .waitFor({ timeout: 45_000 });

    await page.getByRole('link', { name: 'one', exact: true }).click();
    await expect.poll(() => stepsOf(page), { timeout: 30_000 }).toBeGreaterThan(5);
    await confirm(page, 'Stop');
    await page.locator('.run-state').getByText('Interrupted').waitFor({ timeout: 30_000 });
    expect((await ended[0]!).signal).toBeNull();
    // The other one goes on.
    await page.getByRole('link', { name: 'Runs' }).first().click();
    await page.locator('tr[data-run="two"]').getByText('Running', { exact: true }).waitFor();

    await page.getByRole('link', { name: 'one', exact: true }).click();
    const stoppedAt = await stepsOf(page);
    await confirm(page, 'Resume');
    await page.getByText('Resuming: a new process').waitFor();
    await page.locator('.run-state').getByText('Running').waitFor({ timeout: 45_000 });
    await expect.poll(() => stepsOf(page), { timeout: 30_000 }).toBeGreaterThan(stoppedAt);
    await confirm(page, 'Stop');
    await page.locator('.run-state').getByText('Interrupted').waitFor({ timeout: 30_000 });

    await page.goto(`${dashboard.origin}/runs`);
    await page.getByRole('link', { name: 'two', exact: true }).click();
    await confirm(page, 'Stop');
    await page.locator('.run-state').getByText('Interrupted').waitFor({ timeout: 30_000 });
    await ended[1];
  }, 240_000);
});
