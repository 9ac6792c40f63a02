import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tinyData } from '../../../test/support/tiny-catalogue.ts';
import { learnValidation, trainQuestions } from '../../recommendation/index.ts';
import { cellName } from '../runner/cell.ts';
import { cellKeys } from '../runner/cell-key.ts';
import { tigerCheck } from './report/bar-checks.ts';
import { checksOf } from './report/checks.ts';
import type { ArmResult } from './report/results.ts';
import { rereReproduction } from './reproduce.ts';
import { rewardSettings } from './study/reward-cell.ts';
import { beauty } from './study/settings.ts';

const data = mkdtempSync(join(tmpdir(), 'laurel-data-'));
afterAll(() => rmSync(data, { recursive: true, force: true }));
for (const name of ['amazon-beauty', 'amazon-scientific']) mkdirSync(join(data, name));

describe('the plan', () => {
  const { cells, notes } = rereReproduction.plan({ isQuick: false, data });

  it('names each cell once, and after those it needs', () => {
    const names = cells.map(cellName);
    expect(new Set(names).size).toBe(names.length);
    for (const [place, { needs }] of cells.entries())
      for (const need of needs) expect(names.slice(0, place)).toContain(need);
  });

  it('starts all reward-trained arms of a seed from one supervised cell', () => {
    for (const { task, arm, seed, needs } of cells) {
      const isBaseline = ['supervised', 'sasrec', 'popularity'].includes(arm);
      const asked = arm === 'collaborative-reward' ? [`${task}/sasrec/seed-${seed}`] : [];
      expect(needs).toEqual(isBaseline ? [] : [`${task}/supervised/seed-${seed}`, ...asked]);
    }
  });

  it('takes for new questions those of validation, one answer each', () => {
    expect(trainQuestions(learnValidation(tinyData), 20)).toEqual(tinyData.valid);
  });

  it('trains by reward with the settings of the task, but for what an arm has of its own', () => {
    expect(rewardSettings(beauty, 'rere')).toBe(beauty.reward);
    const { steps, groupSize, reward } = beauty.newQuestions;
    expect(rewardSettings(beauty, 'rere-new')).toEqual({
      ...beauty.reward,
      steps,
      groupSize,
      learningRate: reward,
    });
    expect(rewardSettings(beauty, 'collaborative-reward')).toEqual({
      ...beauty.reward,
      ...beauty.collaborative,
    });
  });

  it('says which data are missing', () => {
    expect(notes).toEqual([
      'The task industrial is left out: no amazon-industrial in the data (--data).',
    ]);
  });

  it('takes the folder of one data set for the data', () => {
    const one = rereReproduction.plan({ isQuick: true, data: join(data, 'amazon-scientific') });
    expect(new Set(one.cells.map(({ task }) => task))).toEqual(new Set(['scientific']));
  });

  it('keeps supervised cells where only training by reward changes', () => {
    const changed = cells.map((cell) =>
      cell.arm === 'rere' ? { ...cell, settings: { other: true } } : cell,
    );
    const [before, after] = [cellKeys(cells), cellKeys(changed)];
    for (const cell of cells)
      expect(after.get(cellName(cell)) === before.get(cellName(cell))).toBe(cell.arm !== 'rere');
  });
});

/** Findings are read from lists without items of the history: whole ones rank at random here. */
const split = (ndcg: number, hitRate = 0.06) => ({
  users: 100,
  leftOut: [{ k: 10, hitRate, hitRateError: 0, ndcg, ndcgError: 0 }],
  cutOffs: [
    { k: 10, hitRate: 0.5, hitRateError: 0, ndcg: 0.5, ndcgError: 0, coverage: 0.5, repetition: 0 },
  ],
  invalidRate: 0,
  sharedTargets: 0,
  usersPerSecond: 1,
});

const result = (arm: string, seed: number, ndcg: number, signal?: number): ArmResult => ({
  task: 'beauty',
  arm,
  seed,
  valid: split(ndcg),
  test: split(ndcg),
  ...(signal !== undefined && { groups: { signalRate: [signal] } }),
});

describe('the findings', () => {
  const verdicts = (results: readonly ArmResult[]) =>
    Object.fromEntries(checksOf(results).map(({ id, verdict }) => [id, verdict]));

  it('appear where every seed agrees, partly where only their mean does', () => {
    const found = verdicts([
      result('supervised', 0, 0.03),
      result('supervised', 1, 0.031),
      result('rere', 0, 0.033),
      result('rere', 1, 0.032),
      result('grpo-beam', 0, 0.034, 0.5),
      result('grpo-beam', 1, 0.028, 0.5),
      result('grpo-iid', 0, 0.03, 0.2),
      result('grpo-iid', 1, 0.03, 0.6),
      result('supervised', 2, 0.03),
      result('rere', 2, 0.032),
      result('grpo-beam', 2, 0.031, 0.5),
      result('grpo-iid', 2, 0.03, 0.2),
    ]);
    expect(found).toEqual({
      start: 'appears',
      'above-start': 'appears',
      'above-start-new': 'not measured',
      'above-supervised-new': 'not measured',
      signal: 'partly',
      'beam-above-iid': 'partly',
      'ranking-above-rule': 'partly',
      'collaborative-above-start': 'not measured',
      'above-sasrec': 'not measured',
      'ranking-above-collaborative': 'not measured',
    });
  });

  it('compare seeds that have both arms, and nothing else', () => {
    const checks = checksOf([
      result('supervised', 0, 0.03),
      result('rere', 0, 0.033),
      result('rere', 1, 0.5),
    ]);
    const gain = checks.find(({ id }) => id === 'above-start')!;
    // (0.033 − 0.030) / 0.030 = 10%
    expect(gain.ours).toContain('NDCG@10 on the test +10.0% (+0.0030)');
    expect(gain.ours).toContain('(seed 0). Fewer than 3 seeds, so no verdict');
    expect(gain.verdict).toBe('not measured');
  });

  it('are read from the test alone where the questions of validation were learned', () => {
    const seeds = [0, 1, 2];
    const found = checksOf([
      ...seeds.map((seed) => result('supervised', seed, 0.03)),
      ...seeds.map((seed) => ({ ...result('rere-new', seed, 0.033), valid: null })),
      ...seeds.map((seed) => ({
        ...result('supervised-new', seed, seed === 0 ? 0.034 : 0.031),
        valid: null,
      })),
    ]);
    const of = (id: string) => found.find((check) => check.id === id)!;
    expect(of('above-start-new')).toMatchObject({
      verdict: 'appears',
      ours: expect.stringContaining('NDCG@10 on the test +10.0%'),
    });
    expect(of('above-supervised-new').verdict).toBe('partly');
  });

  it('are not measured without cells', () => {
    expect(new Set(Object.values(verdicts([])))).toEqual(new Set(['not measured']));
  });

  it('ask the start for both bars', () => {
    const start = { ...result('supervised', 0, 0.03), test: split(0.03, 0.05) };
    expect(verdicts([start])['start']).toBe('partly');
  });

  it('compare with TIGER where lists keep the history', () => {
    const own = result('supervised', 0, 0.01);
    expect(tigerCheck([own])).toMatchObject({ verdict: 'appears' });
    const cutOffs = own.test.cutOffs.map((cut) => ({ ...cut, ndcg: 0.0383 }));
    const short = { ...own, test: { ...own.test, cutOffs } };
    expect(tigerCheck([short]).verdict).toBe('partly');
    // Passed in the mean, and by one seed of two.
    expect(tigerCheck([own, { ...short, seed: 1 }]).verdict).toBe('partly');
    expect(tigerCheck([]).verdict).toBe('not measured');
  });
});
