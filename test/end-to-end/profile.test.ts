import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { workplace } from '../support/laurel-command.ts';

interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly ph: string;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
}

const { laurel, path } = workplace();

async function profile(trainer: 'sft' | 'grpo') {
  // Large enough that a step is more than its fixed costs.
  const model = ['--model.hidden_size', '256', '--model.num_hidden_layers', '4'];
  const args = ['profile', trainer, '--config', `${trainer}.yaml`, ...model];
  const { code, stdout, stderr } = await laurel([...args, '--steps', '3', '--out', 'trace.json']);
  expect(code, stderr).toBe(0);
  const { traceEvents } = JSON.parse(readFileSync(path('trace.json'), 'utf8'));
  return { stdout, events: traceEvents.filter(({ ph }: TraceEvent) => ph === 'X') as TraceEvent[] };
}

const end = ({ ts, dur }: TraceEvent): number => ts + dur;

/** Milliseconds of the steps, and of the phases directly in them. */
function coverage(events: readonly TraceEvent[]): [steps: number, phases: number] {
  const steps = events.filter(({ cat }) => cat === 'step');
  const phases = events.filter(({ cat }) => cat === 'phase');
  const isIn = (outer: TraceEvent) => (inner: TraceEvent) =>
    inner !== outer && inner.ts >= outer.ts && end(inner) <= end(outer) + 0.001;
  const outermost = phases.filter((phase) => !phases.some((outer) => isIn(outer)(phase)));
  const sum = (list: readonly TraceEvent[]) => list.reduce((total, { dur }) => total + dur, 0);
  const inSteps = outermost.filter((phase) => steps.some((step) => isIn(step)(phase)));
  return [sum(steps) / 1000, sum(inSteps) / 1000];
}

function assertNested(events: readonly TraceEvent[]): void {
  const sorted = [...events].sort((a, b) => a.tid - b.tid || a.ts - b.ts || b.dur - a.dur);
  const open: TraceEvent[] = [];
  for (const event of sorted) {
    while (open.length > 0) {
      const last = open[open.length - 1]!;
      if (last.tid === event.tid && event.ts < end(last) - 0.002) break;
      open.pop();
    }
    const around = open[open.length - 1];
    if (around !== undefined) expect(end(event)).toBeLessThanOrEqual(end(around) + 0.002);
    open.push(event);
  }
}

test('grpo: the trace nests, its phases cover nine tenths of the steps, and kernels of the backward pass are in it', async () => {
  const { stdout, events } = await profile('grpo');
  assertNested(events.filter(({ cat }) => cat !== 'gap'));
  const [steps, phases] = coverage(events);
  expect(events.filter(({ cat }) => cat === 'step').length).toBe(3);
  expect(phases / steps).toBeGreaterThan(0.9);
  const names = new Set(events.filter(({ cat }) => cat === 'phase').map(({ name }) => name));
  for (const name of [
    'rollout',
    'reward',
    'advantages',
    'pack',
    'forward',
    'backward',
    'optimiser',
  ])
    expect(names).toContain(name);
  expect(names).toContain('checkpoint');
  const categories = new Set(events.map(({ cat }) => cat));
  expect([...categories]).toEqual(
    expect.arrayContaining(['operator', 'bridge', 'kernel', 'autograd', 'gap']),
  );
  expect(stdout).toMatch(/^3 steps, [\d.]+ ms each$/m);
  expect(stdout).toMatch(/^backward +[\d.]+ +[\d.]+% +[\d.]+$/m);
  expect(existsSync(path('runs'))).toBe(false);
});

test('sft: profiles too; another trainer’s name is refused', async () => {
  const { events } = await profile('sft');
  const [steps, phases] = coverage(events);
  expect(phases / steps).toBeGreaterThan(0.9);
  const { code, stderr } = await laurel(['profile', 'sfd']);
  expect(code).toBe(2);
  expect(stderr).toContain('expected a trainer (sft, dpo, reward, grpo, capo), found "sfd"');
});
