import { expect, test } from 'vitest';
import { ones, phase, startTrace, type Trace, tensor, tidy } from './index.ts';

const named = ({ events }: Trace, kind: string, name: string) =>
  events.filter((event) => event.kind === kind && event.name === name);

test('a trace holds the operator called, the kernels inside it and their shapes', () => {
  const weight = ones([3, 2]);
  const stop = startTrace();
  tidy(() => void ones([4, 2]).matmul(weight.transpose(0, 1)));
  const trace = stop();
  const [operator] = named(trace, 'operator', 'aten::matmul');
  const [kernel] = named(trace, 'kernel', 'aten::mm');
  expect(kernel!.shapes).toEqual(['float32[4, 2]', 'float32[2, 3]']);
  expect(kernel!.thread).toBe(0);
  expect(kernel!.start).toBeGreaterThanOrEqual(operator!.start - 1);
  const end = operator!.start + operator!.duration;
  expect(kernel!.start + kernel!.duration).toBeLessThanOrEqual(end + 1);
  expect(end).toBeLessThanOrEqual(trace.duration);
  expect(trace.droppedKernels).toBe(0);
});

test('a trace sees the backward pass: autograd’s nodes and the kernels they run', () => {
  const x = tensor([1, 2, 3]).requireGrad();
  const loss = x.square().sum();
  const stop = startTrace();
  loss.backward();
  const trace = stop();
  expect(named(trace, 'phase', 'backward').length).toBe(1);
  expect(named(trace, 'bridge', 'backward').length).toBe(1);
  expect(named(trace, 'autograd', 'PowBackward0').length).toBe(1);
  expect(x.grad!.toArray()).toEqual([2, 4, 6]);
});

test('phases last until their promise settles, and record what throws too', async () => {
  const stop = startTrace();
  await phase('slow', () => new Promise((resolve) => setTimeout(resolve, 20)));
  expect(() =>
    phase('broken', () => {
      throw new Error('mine');
    }),
  ).toThrow('mine');
  const trace = stop();
  expect(named(trace, 'phase', 'slow')[0]!.duration).toBeGreaterThan(18_000);
  expect(named(trace, 'phase', 'broken').length).toBe(1);
});

test('nothing is recorded before a trace begins or after it ends, and a second at a time is refused', () => {
  ones([2]);
  const stop = startTrace();
  expect(() => startTrace()).toThrow(/a profile is being taken already/);
  const trace = stop();
  ones([2]);
  expect(trace.events.map(({ name }) => name)).toEqual(['startTrace']);
  expect(startTrace()().events).toEqual([]);
});
