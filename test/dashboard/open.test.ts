import { expect, it } from 'vitest';
import { describeInBrowser, openBrowser } from '../support/browser.ts';
import { testDashboard } from '../support/dashboard.ts';
import { makeFakeRun } from '../support/fake-run.ts';
import { temporaryRoots } from '../support/temporary-root.ts';

const newFolder = temporaryRoots();

describeInBrowser('opening the dashboard', () => {
  it('takes the token out of the address, breaks no policy, and asks nothing of other hosts', async () => {
    const root = newFolder();
    makeFakeRun(root, { name: 'sums', completionSteps: [10] });
    const dashboard = await testDashboard(root);
    const browser = await openBrowser();
    const page = await browser.newPage();
    const complaints: string[] = [];
    const hosts = new Set<string>();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    await page.goto(dashboard.url);
    await page.getByRole('link', { name: 'Runs' }).first().click();
    await page.getByRole('link', { name: 'sums' }).click();
    await page.getByText('Weighted sum of rewards').first().waitFor({ state: 'attached' });
    expect(page.url()).toMatch(new RegExp(`^${dashboard.origin}/runs/\\d+$`));
    expect(complaints).toEqual([]);
    expect([...hosts]).toEqual([new URL(dashboard.origin).host]);
    // The page that a stranger sees, or one whose session ended.
    const stranger = await openBrowser();
    const outside = await stranger.newPage();
    await outside.goto(`${dashboard.origin}/runs`);
    await outside.getByRole('alert').waitFor();
    expect(await outside.getByRole('alert').textContent()).toContain('laurel dashboard printed');
  });
});
