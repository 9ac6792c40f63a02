import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseResults } from '../results-record.ts';
import { type CellPlan, type CellRecord, cellName, type Json } from '../runner/cell.ts';
import { CellStore } from '../runner/cell-store.ts';
import { resultsFiles } from '../runner/write-results.ts';
import { capoReproduction } from './reproduce.ts';
import { controlledRunsOf } from './study/controlled-runs.ts';
import { runsOf, startsOf } from './study/runs.ts';

const whole = capoReproduction.plan({ isQuick: true, data: null });

// One cell of every kind: the others differ by options alone.
const kinds =
  /start|grpo-conservative|grpo-aggressive|\/capo|controlled|reincapo|tight-clip|head-capo/;
const isTried = ({ task, arm }: CellPlan): boolean =>
  kinds.test(`/${arm}`) && (task === 'sums' || /start|capo$/.test(arm)) && !arm.startsWith('dr-');
const plan = { ...whole, cells: whole.cells.filter(isTried) };
const folder = mkdtempSync(join(tmpdir(), 'laurel-capo-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let records: CellRecord[] = [];

/** Computes the whole quick study in this process. */
beforeAll(async () => {
  const store = new CellStore(folder, plan.cells);
  const compute = async (cell: CellPlan): Promise<CellRecord> => {
    const neededFolders = new Map(
      plan.cells
        .filter((other) => cell.needs.includes(cellName(other)))
        .map((other) => [cellName(other), store.filesOf(other)]),
    );
    const result: Json = await capoReproduction.compute(cell, {
      folder: store.prepareFiles(cell),
      neededFolders,
      data: null,
      signal: new AbortController().signal,
      report: () => {},
    });
    const { task, arm, seed, settings } = cell;
    return {
      ...{ task, arm, seed, settings, result, key: store.keyOf(cell), seconds: 1 },
      finishedAt: '2026-01-01T00:00:00.000Z',
      laurelVersion: '0.1.0',
      fingerprint: { libtorch: '1', threads: 1 },
    };
  };
  for (const cell of plan.cells) records = [...records, await compute(cell)];
}, 300_000);

test('every cell completes, and what they found becomes a page', () => {
  expect(records.map(cellName)).toEqual(plan.cells.map(cellName));
  const source = { reproduction: capoReproduction, plan, cells: records, command: 'npx laurel …' };
  const files = resultsFiles(source);
  expect(parseResults(files.get('results.json')!).cells.missing).toEqual([]);
  for (const [name, contents] of files) {
    if (name.endsWith('.svg')) expect(contents).not.toMatch(/NaN|Infinity|undefined/);
  }
  expect(files.get('results.md')).not.toMatch(/NaN|undefined/);
});

test('every arm of a task starts from one policy, which the start’s own check saw last', () => {
  for (const task of ['sums', 'countdown']) {
    const [start] = startsOf(records, task);
    for (const run of runsOf(records, task)) expect(run.heldOut[0]!.accuracy).toBe(start!.accuracy);
  }
});

test('all arms see as many completions, and shares and shifts are what they can be', () => {
  for (const run of [...runsOf(records, 'sums'), ...runsOf(records, 'countdown')]) {
    expect(run.steps.at(-1)!.completions).toBe(run.settings.practice.completions);
    for (const { accuracy, rejected, policyMean, policyMax } of run.steps) {
      expect(accuracy).toBeGreaterThanOrEqual(0);
      expect(accuracy).toBeLessThanOrEqual(1);
      expect(rejected).toBeGreaterThanOrEqual(0);
      expect(rejected).toBeLessThanOrEqual(1);
      expect(policyMean).toBeGreaterThanOrEqual(0);
      expect(policyMax).toBeGreaterThanOrEqual(policyMean);
    }
    if (run.arm.bounds === undefined)
      expect(run.steps.every(({ rejected }) => rejected === 0)).toBe(true);
  }
});

test('in every controlled case shifts of the policy are at least 0, and what no bound leaves out is the gradient', () => {
  const controlled = controlledRunsOf(records, 'sums');
  expect(controlled).toHaveLength(4);
  for (const step of controlled.flatMap(({ steps }) => steps)) {
    expect(step.scale.policy['0.5']).toBeGreaterThanOrEqual(0);
    expect(step.scale.kl['0.5']).toBeGreaterThanOrEqual(0);
    for (const { rejected, gradient } of step.rejection)
      if (rejected === 0 && gradient.cosine !== null) expect(gradient.cosine).toBeCloseTo(1, 4);
  }
});
