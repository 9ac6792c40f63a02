import { expect, it } from 'vitest';
import { startFakeRun } from '../../../test/support/fake-run.ts';
import { temporaryRoots } from '../../../test/support/temporary-root.ts';
import { JsonlSink } from '../../metrics/index.ts';
import { appendEvent, type Run, RunStore, StoreSink } from '../index.ts';

const newRoot = temporaryRoots();

const logTo = (run: Run, ...steps: number[]): void => {
  const sink = new JsonlSink(run.metricsFile);
  for (const step of steps) sink.write({ step, time: Date.now() / 1000, metrics: { loss: step } });
  sink.close();
};

it('a line that is logged after a reader asked what changed is for the next time, and only for that', () => {
  const root = newRoot();
  const run = startFakeRun(root, { name: 'a' });
  logTo(run, 1, 2);
  const store = RunStore.open(root);
  const { id } = store.get('a');
  const { cursor } = store.changedSince(0);
  logTo(run, 3);
  run.close('finished', { lastStep: 3 });
  const { cursor: next } = store.changedSince(cursor);
  const steps = (after: number, upTo?: number) =>
    store.lines(id, after, upTo).map(({ step }) => step);
  expect([steps(0, cursor), steps(cursor, next), steps(next)]).toEqual([[1, 2], [3], []]);
});

it('a trainer that enters what a reader entered first changes nothing', () => {
  const root = newRoot();
  const run = startFakeRun(root, { name: 'a' });
  logTo(run, 1, 2);
  const store = RunStore.open(root);
  const { id } = store.get('a');
  const { cursor } = store.changedSince(0);
  const sink = new StoreSink(run, { warn: (message) => expect.fail(message) });
  sink.open();
  expect(store.lines(id, cursor)).toEqual([]);
  expect(store.lines(id).map(({ step }) => step)).toEqual([1, 2]);
  sink.close();
});

it('lines and events after a cursor are those that are new', () => {
  const root = newRoot();
  const run = startFakeRun(root, { name: 'a' });
  logTo(run, 1, 2);
  appendEvent(run.folder, { step: 1, time: 5, kind: 'warning', name: '', message: 'careful' });
  const store = RunStore.open(root);
  const { id } = store.get('a');
  expect(store.lines(id).map(({ step, metrics }) => [step, metrics])).toEqual([
    [1, { loss: 1 }],
    [2, { loss: 2 }],
  ]);
  expect(store.lines(id, store.changedSince(0).cursor)).toEqual([]);
  const [event] = store.events(id);
  expect(event).toMatchObject({ runId: id, step: 1, kind: 'warning', message: 'careful' });
  expect(store.events(id, event!.id)).toEqual([]);
});
