import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareRuns } from '../benchmarks/soak/compare-runs.ts';
import { judgeFlatness } from '../benchmarks/soak/flatness.ts';
import { drawKillMoments } from '../benchmarks/soak/kill-moments.ts';

/** Readings of 1,000 steps; garbage comes and goes. */
const readings = (
  collected: (step: number) => number,
  tensors: (step: number) => number = () => 9,
) =>
  Array.from({ length: 100 }, (_, i) => {
    const step = (i + 1) * 10;
    const rss = collected(step) + (step % 70) * 1e5;
    const after = { collected: { rss: collected(step), heapUsed: 1e7 } };
    const reading = { step, rss, heapUsed: 1e7, external: 1, tensors: tensors(step) };
    return step % 50 === 0 ? { ...reading, ...after } : reading;
  });

test('garbage that comes and goes is flat, memory that climbs and tensors that add up are not', () => {
  const flat = judgeFlatness(readings(() => 1e8));
  expect(flat).toMatchObject({ fromStep: 160, toStep: 1000, rssFirst: 1e8, isFlat: true });
  // Highest of 7 kinds of garbage: 60 steps' worth.
  expect(flat.ceilingLast).toBe(1e8 + 60 * 1e5);
  const climbing = judgeFlatness(readings((step) => 1e8 + step * 1e4));
  expect(climbing.isFlat).toBe(false);
  // 10 kB a step.
  expect(climbing.rssSlope).toBeCloseTo(1e7, 3);
  const leaking = readings(
    () => 1e8,
    (step) => 9 + Number(step > 900),
  );
  expect(judgeFlatness(leaking).isFlat).toBe(false);
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
