import { expect, test } from 'vitest';
import type { CellPlan } from './cell.ts';
import { describeSeconds, ProgressLines } from './progress-lines.ts';

const cell = (seed: number): CellPlan => ({
  task: 'toy',
  arm: 'a',
  seed,
  settings: null,
  needs: [],
  keepsFiles: false,
});

test('a finished cell is told with rate and time left', () => {
  const lines: string[] = [];
  let time = 0;
  const options = {
    planned: 5,
    done: 1,
    write: (line: string) => lines.push(line),
    now: () => time,
  };
  const progress = new ProgressLines(options);
  progress.onEvent({ type: 'cell-start', cell: cell(0) });
  time = 30;
  progress.onEvent({ type: 'cell-end', cell: cell(0), seconds: 30 });
  // 30 s a cell: two a minute; three of five are left.
  expect(lines).toEqual(['[2/5] toy/a/seed-0: 30 s; 2.0 cells a minute, about 2 min left']);
  progress.onEvent({ type: 'cell-failed', cell: cell(1), message: 'no' });
  expect(lines[1]).toBe('toy/a/seed-1 failed: no');
});

test('where a running cell is, is told now and then', () => {
  const lines: string[] = [];
  let time = 0;
  const options = {
    planned: 1,
    done: 0,
    write: (line: string) => lines.push(line),
    now: () => time,
  };
  const progress = new ProgressLines(options);
  progress.onEvent({ type: 'cell-start', cell: cell(0) });
  for (const at of [1, 25, 30]) {
    time = at;
    progress.report(cell(0), `step ${at}`);
  }
  expect(lines).toEqual(['  toy/a/seed-0: step 25']);
});

test('times are told in the unit that suits them', () => {
  expect([5, 300, 7200].map(describeSeconds)).toEqual(['5 s', '5 min', '2.0 h']);
});
