import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Trace, TraceEvent, TraceKind } from '../../tensor/index.ts';
import { writeChromeTrace } from './chrome-trace.ts';
import { renderProfile } from './render-profile.ts';
import { buildSpanTree, selfTime } from './span-tree.ts';
import { summarizeProfile } from './summarize-profile.ts';

const event = (kind: TraceKind, name: string, start: number, duration: number): TraceEvent => ({
  kind,
  name,
  start,
  duration,
  thread: 0,
  ...(kind === 'kernel' && { shapes: ['float32[2, 3]'] }),
});

// A step of 1,000 µs: 100 before the phases, forward 0.1–0.7 ms with one operator of 400 µs whose kernel takes 300,
// and inside forward a backward of 150 µs, all of it a kernel that by its clock ends 1 µs late.
const trace: Trace = {
  duration: 1500,
  droppedKernels: 0,
  events: [
    event('kernel', 'aten::mm', 250, 300),
    event('step', 'step 1', 0, 1000),
    event('operator', 'aten::linear', 200, 400),
    event('phase', 'forward', 100, 700),
    event('phase', 'backward', 620, 150),
    event('bridge', 'backward', 620, 150),
    event('kernel', 'aten::mul', 620, 151),
    event('phase', 'checkpoint', 1100, 200),
  ],
};

test('time belongs to the innermost span, and a kernel never outlasts what called it', () => {
  const spans = buildSpanTree(trace);
  const own = Object.fromEntries(
    spans.map((span) => [`${span.event.kind} ${span.event.name}`, selfTime(span)]),
  );
  expect(own).toEqual({
    'step step 1': 1000 - 700,
    'phase forward': 700 - 400 - 150,
    'operator aten::linear': 100,
    'kernel aten::mm': 300,
    'phase backward': 0,
    'bridge backward': 0,
    'kernel aten::mul': 150,
    'phase checkpoint': 200,
  });
});

test('phases, gaps, crossing and what is outside add up to the step', () => {
  const summary = summarizeProfile(trace);
  expect(summary.steps).toBe(1);
  expect(summary.time).toBe(1000);
  expect(summary.phases).toEqual([
    { name: 'forward', time: 550, gaps: 150 },
    { name: 'backward', time: 150, gaps: 0 },
  ]);
  expect(summary.outsidePhases).toBe(300);
  expect(summary.gaps).toBe(450);
  expect(summary.crossing).toBe(100);
  expect(summary.kernels.map(({ name, self }) => [name, self])).toEqual([
    ['aten::mm', 300],
    ['aten::mul', 150],
  ]);
  expect(summary.betweenSteps).toEqual([{ name: 'checkpoint', calls: 1, time: 200, self: 200 }]);
  expect(renderProfile(summary)).toMatch(/^forward +0\.55 +55\.0% +0\.15$/m);
});

test('the written trace is JSON with every event, and gaps of their own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-trace-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  writeChromeTrace(join(folder, 'trace.json'), trace, 'a step');
  const { traceEvents } = JSON.parse(readFileSync(join(folder, 'trace.json'), 'utf8'));
  const complete = traceEvents.filter(({ ph }: { ph: string }) => ph === 'X');
  expect(complete.filter(({ cat }: { cat: string }) => cat !== 'gap').length).toBe(8);
  expect(complete).toContainEqual({
    name: 'aten::mm',
    cat: 'kernel',
    ph: 'X',
    pid: 1,
    tid: 0,
    ts: 250,
    dur: 300,
    args: { shapes: 'float32[2, 3]', phase: 'forward' },
  });
  // 0–100 and 800–1,000 outside phases, 100–200 and 770–800 in forward (600–620 too), 1,100–1,300 in checkpoint.
  const gaps = complete.filter(({ cat }: { cat: string }) => cat === 'gap');
  expect(gaps.map(({ ts, dur }: { ts: number; dur: number }) => [ts, dur])).toEqual([
    [0, 100],
    [800, 200],
    [100, 100],
    [600, 20],
    [770, 30],
    [1100, 200],
  ]);
});
