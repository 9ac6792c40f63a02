import { expect, test } from 'vitest';
import { reportPapers } from '../../src/papers/index.ts';
import { workplace } from '../support/laurel-command.ts';

const { laurel } = workplace();
const reports = reportPapers();

test('laurel papers lists every paper with its state, newest first', async () => {
  const { code, stdout } = await laurel(['papers']);
  expect(code).toBe(0);
  const headings = stdout.split('\n').filter((line) => line.includes('arxiv.org'));
  expect(headings.map((line) => line.split(/ {2,}/))).toEqual(
    reports.map(({ name, status, date, url }) => [name, status, date, url]),
  );
});

test('words search, a name shows one paper, --json prints what was recorded', async () => {
  const found = await laurel(['papers', 'beam', 'TRIE']);
  expect(found.stdout).toMatch(/^rere /);
  const one = await laurel(['papers', 'likelihood', '--json']);
  expect(JSON.parse(one.stdout)).toEqual(reports.find(({ name }) => name === 'likelihood'));
  const all = await laurel(['papers', '--json']);
  expect(JSON.parse(all.stdout)).toEqual(reports);
});

test('a search without a match exits 2 and names the papers', async () => {
  const { code, stdout, stderr } = await laurel(['papers', 'recomendation']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/no paper matches "recomendation"; it has gream, rere/);
});

test('every command that a paper names is one of laurel’s', async () => {
  const { stdout } = await laurel(['--help']);
  const known = [...stdout.matchAll(/^ {2}([\w-]+) /gm)].map(([, name]) => name);
  for (const { command } of reports.flatMap(({ commands }) => commands))
    expect(known).toContain(/^npx laurel ([\w-]+)/.exec(command)?.[1]);
});
