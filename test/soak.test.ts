import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareRuns } from '../benchmarks/soak/compare-runs.ts';
import { judgeFlatness } from '../benchmarks/soak/flatness.ts';
import { drawKillMoments } from '../benchmarks/soak/kill-moments.ts';

const readings = (rss: (step: number) => number, tensors: (step: number) => number = () => 9) =>
  Array.from({ length: 100 }, (_, i) => {
    const step = (i + 1) * 10;
    const heap = { heapUsed: 1, heapHeld: 1, external: 1 };
    return { step, rss: rss(step), tensors: tensors(step), ...heap };
  });

test('memory that saws is flat, memory that climbs and tensors that add up are not', () => {
  const sawing = judgeFlatness(readings((step) => 1e8 + (step % 50) * 1e4));
  expect(sawing).toMatchObject({ fromStep: 160, toStep: 1000, isFlat: true });
  const climbing = judgeFlatness(readings((step) => 1e8 + step * 1e4));
  expect(climbing.isFlat).toBe(false);
  // 10 kB a step.
  expect(climbing.rssSlope).toBeCloseTo(1e7, 3);
  expect(
    judgeFlatness(
      readings(
        () => 1e8,
        (step) => 9 + Number(step > 900),
      ),
    ).isFlat,
  ).toBe(false);
  // What happens in the warm-up is not judged.
  expect(judgeFlatness(readings((step) => (step < 150 ? 1e9 : 1e8))).isFlat).toBe(true);
});

test('kill moments repeat with their seed, and are of every kind', () => {
  const moments = drawKillMoments(30, 5);
  expect(moments).toEqual(drawKillMoments(30, 5));
  expect(moments).not.toEqual(drawKillMoments(30, 6));
  const aims = moments.map(({ aim }) => aim);
  for (const aim of ['any', 'rollout', 'checkpoint', 'resume'])
    expect(aims.filter((found) => found === aim).length).toBeGreaterThanOrEqual(7);
});

test('two runs are compared file by file, timings apart', () => {
  const write = (metrics: object, weights: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'laurel-'));
    mkdirSync(join(folder, 'checkpoints'));
    writeFileSync(join(folder, 'metrics.jsonl'), `${JSON.stringify(metrics)}\n`);
    writeFileSync(join(folder, 'checkpoints', 'model.safetensors'), weights);
    writeFileSync(join(folder, 'run.json'), String(Math.sqrt(weights.length)));
    return folder;
  };
  const run = write({ loss: 1, step_time: 2, 'eval_time/reward': 3 }, 'weights');
  const same = write({ loss: 1, step_time: 9, 'eval_time/reward': 9 }, 'weights');
  expect(compareRuns(run, same)).toEqual({ filesCompared: 2, differing: [] });
  const other = write({ loss: 1.5, step_time: 2 }, 'WEIGHTS');
  expect(compareRuns(run, other).differing).toEqual([
    join('checkpoints', 'model.safetensors'),
    'metrics.jsonl',
  ]);
  writeFileSync(join(same, 'more'), '');
  expect(compareRuns(run, same).differing).toEqual(['more']);
});
