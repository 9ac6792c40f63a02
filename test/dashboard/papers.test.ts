import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { parseSmtpUrl, withDigestStore } from '../../src/digest/index.ts';
import { papers } from '../../src/papers/index.ts';
import { serializeResults } from '../../src/papers/results-record.ts';
import { describeInBrowser, openBrowser } from '../support/browser.ts';
import { testDashboard } from '../support/dashboard.ts';
import { endedRun } from '../support/ended-run.ts';
import { startMailServer } from '../support/mail-server.ts';
import { paperRecord } from '../support/paper-record.ts';
import { temporaryRoots } from '../support/temporary-root.ts';

const newFolder = temporaryRoots();

const record = paperRecord({
  checks: [
    {
      id: 'middle',
      finding: 'The win rate is best at a middle likelihood.',
      paper: 'a parabola fits better',
      ours: 'it does here',
      verdict: 'partly',
      note: null,
      plots: ['win.svg'],
    },
  ],
  plots: [{ file: 'win.svg', title: 'Win by likelihood', caption: 'Win rate by likelihood.' }],
});

function recordsFolder(): string {
  const folder = newFolder();
  const results = join(folder, 'likelihood/results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'results.json'), serializeResults(record));
  const plot = readFileSync(new URL('../../docs/quickstart.svg', import.meta.url));
  writeFileSync(join(results, 'win.svg'), plot);
  return folder;
}

const titles = (page: Page): Promise<string[]> =>
  page.getByRole('article').getByRole('heading', { level: 2 }).allTextContents();

const root = newFolder();
const complaints: string[] = [];

/** A dashboard with runs, results and a mail server, open in a browser. */
async function openPapers() {
  for (const name of ['one', 'two']) endedRun(root, name, { paper: 'likelihood' });
  const { messages, url } = await startMailServer();
  const mail = { smtp: parseSmtpUrl(url), from: 'laurel@example.org', publicUrl: null };
  const dashboard = await testDashboard(root, { papersFolder: recordsFolder(), mail });
  const browser = await openBrowser();
  const { origin } = dashboard;
  await browser.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
  const page = await browser.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(dashboard.url);
  await page.getByRole('article').first().waitFor();
  return { page, browser, origin, messages };
}

let opened: Awaited<ReturnType<typeof openPapers>>;

describeInBrowser('the page of papers', () => {
  beforeAll(async () => {
    opened = await openPapers();
  });

  it('is the front page: every paper, newest first, with claim, state and arXiv link', async () => {
    const { page } = opened;
    expect(await titles(page)).toEqual(papers.map(({ title }) => title));
    const card = page.getByRole('article', { name: papers[0]!.title });
    expect(await card.textContent()).toContain(papers[0]!.claim);
    expect(await card.textContent()).toContain('Not implemented yet');
    expect(await card.getByRole('link', { name: /^arXiv/ }).getAttribute('href')).toBe(
      `https://arxiv.org/abs/${papers[0]!.arxivId}`,
    );
  });

  it('shows our number beside the paper’s, the plot, the command to copy, and the runs', async () => {
    const { page } = opened;
    const card = page.getByRole('article', { name: /Likelihood/ });
    expect(await card.textContent()).toMatch(/here−18\.3%in the paper−24\.42%/);
    const plot = card.getByRole('img', { name: 'Win rate by likelihood.' });
    await plot.waitFor();
    expect(await plot.evaluate((image) => (image as { naturalWidth?: number }).naturalWidth)).toBe(
      760,
    );
    await card.getByRole('button', { name: /^Copy / }).click();
    await card.getByText('Copied').first().waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      'npx laurel reproduce likelihood',
    );
    await card.getByRole('link', { name: /2 runs here/ }).click();
    await page.getByRole('link', { name: 'two' }).waitFor();
    await page.goBack();
    await page.getByRole('article').first().waitFor();
  });

  it('searches as one types, and orders by what happens here', async () => {
    const { page, origin } = opened;
    await page.getByRole('searchbox').fill('trie beam');
    await expect.poll(() => titles(page)).toEqual([papers[1]!.title]);
    await page.getByText('1 of 7 papers').first().waitFor();
    await page.getByRole('searchbox').fill('no such words');
    await page.getByRole('button', { name: 'Show all papers' }).click();
    await page.getByRole('radio', { name: 'Trending' }).check();
    await expect.poll(async () => (await titles(page))[0]).toMatch(/Likelihood/);
    expect(page.url()).toBe(`${origin}/?order=trending`);
  });

  it('hears of a new run without being loaded again', async () => {
    const { page } = opened;
    endedRun(root, 'three', { paper: 'likelihood' });
    await page.getByRole('link', { name: /3 runs here/ }).waitFor();
  });
});

describeInBrowser('a page of one paper, and digests', () => {
  it('has findings, verdicts and plots', async () => {
    const { page } = opened;
    await page.getByRole('link', { name: /Understanding Likelihood/ }).click();
    await page.getByRole('heading', { level: 1, name: /Understanding Likelihood/ }).waitFor();
    const row = page.getByRole('row', { name: /best at a middle likelihood/ });
    expect(await row.textContent()).toContain('Partly');
    expect(await page.getByText('2 of 2 runs of the study').count()).toBe(1);
    await page.getByRole('img', { name: 'Win by likelihood' }).waitFor();
    await page.getByRole('link', { name: 'Papers' }).last().click();
  });

  it('subscribes an address by form, mail and button, none of them alone', async () => {
    const { page, messages } = opened;
    await page.getByLabel('Mail address').fill('ada@example.org');
    await page.getByRole('button', { name: 'Subscribe' }).click();
    await page.getByText(/asks to confirm/).waitFor();
    const state = () =>
      withDigestStore(root, ({ subscribers }) => subscribers.find('ada@example.org')?.state);
    await expect.poll(() => messages.length, { timeout: 10_000 }).toBe(1);
    const [link = ''] = /http:\S+/.exec(messages[0]?.mail.text ?? '') ?? [];
    const stranger = await (await openBrowser()).newPage();
    await stranger.goto(link);
    expect(state()).toBe('pending');
    await stranger.getByRole('button', { name: 'Subscribe' }).click();
    await stranger.getByText('gets digests from now on').waitFor();
    expect(state()).toBe('subscribed');
  });

  it('breaks no policy, and fits a phone', async () => {
    const { browser, origin } = opened;
    expect(complaints).toEqual([]);
    const phone = await openBrowser({ width: 390 });
    await phone.addCookies(await browser.cookies());
    const narrow = await phone.newPage();
    for (const path of ['/', '/papers/likelihood']) {
      await narrow.goto(`${origin}${path}`);
      await narrow.getByRole('article').first().waitFor();
      expect(await narrow.evaluate('document.documentElement.scrollWidth')).toBe(390);
    }
  });
});
