import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask, bearer, getJson, testDashboard } from '../../../test/support/dashboard.ts';
import { endedRun } from '../../../test/support/ended-run.ts';
import { paperRecord } from '../../../test/support/paper-record.ts';
import { temporaryRoots } from '../../../test/support/temporary-root.ts';
import { papers } from '../../papers/index.ts';
import { serializeResults } from '../../papers/results-record.ts';
import type { PapersResponse, PaperView } from '../api.ts';

const newRoot = temporaryRoots();
const root = newRoot();
endedRun(root, 'first', { paper: 'likelihood' });
endedRun(root, 'second', { paper: 'likelihood' });
endedRun(root, 'other');

const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>';
const record = paperRecord({
  plots: [{ file: 'win.svg', title: 'Win', caption: 'Win by likelihood.' }],
});

/** A folder of papers' records, one of them with a plot, and a secret beside it. */
function recordsFolder(): string {
  const folder = newRoot();
  const results = join(folder, 'likelihood/results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'results.json'), serializeResults(record));
  writeFileSync(join(results, 'win.svg'), svg);
  writeFileSync(join(folder, 'likelihood/secret.svg'), 'top secret');
  return folder;
}

const dashboard = await testDashboard(root, { papersFolder: recordsFolder() });

test('every paper is listed newest first, with its results and the runs that belong to it', async () => {
  const { papers: listed, total } = await getJson<PapersResponse>(dashboard, '/api/papers');
  expect(total).toBe(7);
  expect(listed.map(({ name }) => name)).toEqual(papers.map(({ name }) => name));
  const { results, activity } = listed.find(({ name }) => name === 'likelihood')!;
  expect(activity).toMatchObject({ runs: 2, running: 0, recent: 2 });
  expect(activity.lastAt).not.toBeNull();
  expect(results?.headline).toEqual(record.headline);
  expect(listed[0]).toMatchObject({ results: null, activity: { runs: 0, lastAt: null } });
});

test('the search looks at titles and summaries', async () => {
  const { papers: found, total } = await getJson<PapersResponse>(dashboard, '/api/papers?q=TRIE');
  expect({ names: found.map(({ name }) => name), total }).toEqual({ names: ['rere'], total: 7 });
});

test('a plot is served as its record names it, and no other file', async () => {
  const { results } = await getJson<PaperView>(dashboard, '/api/papers/likelihood');
  const { url } = results!.plots[0]!;
  const plot = await ask(dashboard, url, { headers: bearer(dashboard) });
  expect(plot).toMatchObject({ status: 200, text: svg });
  expect(plot.headers).toMatchObject({
    'content-type': 'image/svg+xml; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining("default-src 'none'"),
  });
  const paths = [
    '../secret.svg',
    '..%2Fsecret.svg',
    '%2e%2e/secret.svg',
    'results.json',
    'win.svg/',
  ];
  for (const path of paths) {
    const answer = await ask(dashboard, `/api/papers/likelihood/plots/${path}`, {
      headers: bearer(dashboard),
    });
    expect([path, answer.status]).toEqual([path, 404]);
    expect(answer.text).not.toContain('top secret');
  }
});

test('nobody sees papers without having signed in, and an unknown one is said to be unknown', async () => {
  expect((await ask(dashboard, '/api/papers')).status).toBe(401);
  expect((await ask(dashboard, '/api/papers/likelihood/plots/win.svg')).status).toBe(401);
  const unknown = await ask(dashboard, '/api/papers/nobody', { headers: bearer(dashboard) });
  expect(unknown).toMatchObject({ status: 404, text: expect.stringContaining('no paper') });
});
