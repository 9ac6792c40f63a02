import { describe, expect, it } from 'vitest';
import { makeFakeRun } from '../../../test/support/fake-run.ts';
import { temporaryRoots } from '../../../test/support/temporary-root.ts';
import { grpoConfig } from '../../trainers/config/index.ts';
import type { ComparedSeries } from '../api.ts';
import { configEntries } from './config-entries.ts';
import { metricViews } from './metric-views.ts';
import { bandNames, bandsOf } from './seed-bands.ts';
import { systemFigures } from './system-figures.ts';

describe('configEntries', () => {
  const entries = configEntries(
    { learning_rate: 0.5, beta: 0, model: { hidden_size: 64 }, mystery: [1] },
    grpoConfig,
  );
  const entry = (key: string) => entries.find((each) => each.key === key);
  it('tells options that differ from those at their default, with the schema’s words', () => {
    expect(entry('learning_rate')).toMatchObject({ value: 0.5, default: 1e-6, differs: true });
    expect(entry('learning_rate')!.description).not.toBe('');
    expect(entry('beta')).toMatchObject({ value: 0, differs: false });
  });
  it('lists nested options one by one, and unknown ones at the end', () => {
    expect(entry('model.hidden_size')).toMatchObject({ value: 64, differs: true });
    expect(entries.at(-1)).toEqual({
      key: 'mystery',
      value: [1],
      default: null,
      differs: false,
      group: 'Other options',
      description: '',
    });
  });
});

describe('metricViews', () => {
  it('defines keys and groups them as their names say', () => {
    const keys = ['eval_reward', 'loss', 'rewards/right/mean', 'unknown'];
    const views = metricViews(keys, { loss: 2 });
    expect(views.map(({ group }) => group)).toEqual([
      'evaluation',
      'training',
      'rewards',
      'training',
    ]);
    expect(views[1]).toMatchObject({
      key: 'loss',
      unit: 'nats',
      definition: 'Loss that is minimised.',
      last: 2,
    });
    expect(views[3]).toMatchObject({ unit: '', definition: '', last: null });
  });
});

describe('systemFigures', () => {
  it('takes what there is', () => {
    expect(systemFigures({ 'time/reward': 0.25, tokens_per_second: 90 })).toEqual({
      tokensPerSecond: 90,
      stepSeconds: null,
      phases: [{ name: 'reward', seconds: 0.25 }],
      residentMemoryBytes: null,
      liveTensors: null,
    });
  });
});

describe('bandNames', () => {
  const newFolder = temporaryRoots();
  it('joins runs whose options differ in the seed alone', () => {
    const root = newFolder();
    const runs = [
      { name: 'sums-seed-0', seed: 0 },
      { name: 'sums-seed-1', seed: 1 },
      { name: 'faster', seed: 0, options: { learning_rate: 0.1 } },
    ].map((fake, index) => ({
      id: index + 1,
      trainer: 'grpo',
      folder: makeFakeRun(root, fake),
      ...fake,
    }));
    expect([...bandNames(runs)]).toEqual([
      [1, 'sums-seed'],
      [2, 'sums-seed'],
    ]);
  });
});

describe('bandsOf', () => {
  const curve = (runId: number, x: number[], y: number[]): ComparedSeries => ({
    key: 'reward',
    x,
    y,
    total: x.length,
    runId,
    name: `run-${runId}`,
    band: 'both',
  });
  it('has mean and spread where two runs have values, between their points too', () => {
    const series = [curve(1, [0, 2, 4], [0, 2, 4]), curve(2, [1, 3], [3, 5])];
    const seeds = new Map([
      [1, 10],
      [2, 11],
    ]);
    // At 2 the first run has 2 and the second, half-way between 3 and 5, has 4: mean 3, deviation √((1+1)/1) = √2.
    expect(bandsOf(series, seeds)).toEqual([
      {
        name: 'both',
        runIds: [1, 2],
        seeds: [10, 11],
        x: [2],
        mean: [3],
        low: [3 - Math.SQRT2],
        high: [3 + Math.SQRT2],
      },
    ]);
  });
  it('draws none around a single curve', () => {
    expect(bandsOf([curve(1, [0, 1], [0, 1])], new Map([[1, 0]]))).toEqual([]);
  });
});
