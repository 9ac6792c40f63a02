import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseResults } from '../../src/papers/results-record.ts';
import { workplace } from '../support/laurel-command.ts';

const { laurel, path } = workplace();

const quick = ['reproduce', 'likelihood', '--quick', '--out', 'out', '--workers', '1'];

const record = () => parseResults(readFileSync(path('out', 'results', 'results.json'), 'utf8'));

test('a study computes what is missing within its budget, goes on where it was, and writes results', {
  timeout: 300_000,
}, async () => {
  const first = await laurel([...quick, '--match', 'dpo-0.03/', '--budget-minutes', '0.001']);
  expect(first.stderr).toContain('generated/base/seed-0');
  expect(first.code).toBe(0);
  expect(record().cells.done).toBe(1);
  const second = await laurel([...quick, '--match', 'dpo-0.03/']);
  expect(second.stderr).toContain('2 cells, 1 of them done');
  expect(second.code).toBe(0);
  const { cells, paper, headline } = record();
  expect([paper, cells.done, headline.ours]).toEqual(['likelihood', 2, null]);
  expect(cells.missing).toHaveLength(cells.planned - 2);
  for (const file of ['results.md', 'results.html', 'cells.jsonl'])
    expect(existsSync(path('out', 'results', file))).toBe(true);
  expect((await laurel([...quick, '--match', 'dpo-0.03/'])).stderr).toContain('(0 now');
});

test('a study that is not there is refused with those that are', async () => {
  const { code, stderr } = await laurel(['reproduce', 'likelyhood']);
  expect(code).toBe(2);
  expect(stderr).toContain('did you mean likelihood?');
  const unnamed = await laurel(['reproduce']);
  expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringContaining('say which study')]);
});
