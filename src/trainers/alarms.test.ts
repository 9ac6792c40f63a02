import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { promptExamples, temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { RunStore, readEvents } from '../runs/index.ts';
import { type PolicyGradientTraining, trainPolicyGradient } from './index.ts';

const root = temporaryFolder();
const run = join(root, 'run');

/** Trains with a reward that never differs, and gives what was told. */
async function train(changes: Partial<PolicyGradientTraining>) {
  const printed = new PassThrough();
  const told: string[] = [];
  await trainPolicyGradient({
    policy: tinyPolicy(),
    examples: promptExamples(['b', 'cd']),
    reward: () => 1,
    numGenerations: 2,
    perDeviceTrainBatchSize: 4,
    maxCompletionLength: 3,
    maxSteps: 5,
    saveSteps: 1,
    loggingSteps: 1,
    console: printed as unknown as NodeJS.WriteStream,
    onEvent: (event) => {
      if (event.type === 'alarm' && event.name === 'zero-variance groups')
        told.push(`${event.step}: ${event.message}`);
    },
    ...changes,
  });
  return { told, printed: String(printed.read() ?? '') };
}

const alarmSteps = (events: readonly { kind: string; name: string; step: number }[]) =>
  events.flatMap(({ kind, name, step }) =>
    kind === 'alarm' && name === 'zero-variance groups' ? [step] : [],
  );

const inStore = () => {
  const store = RunStore.open(root);
  const events = store.events(store.get('run').id);
  store.close();
  return events;
};

test('an alarm is told on the console, as an event, in the run’s folder and in the database', async () => {
  const { told, printed } = await train({ outputDir: run });
  expect(told).toEqual([expect.stringMatching(/^3: in 100% of groups/)]);
  expect(printed).toMatch(/^alarm: zero-variance groups: in 100% of groups/m);
  expect(alarmSteps(readEvents(run))).toEqual([3]);
  expect(alarmSteps(inStore())).toEqual([3]);
});

test('a resumed run tells again what was cut off, and not what it has told', async () => {
  const checkpoint = (step: number) => join(run, 'checkpoints', `checkpoint-${step}`);
  const after = await train({ resumeFromCheckpoint: checkpoint(4) });
  expect(after.told).toEqual([]);
  const before = await train({ resumeFromCheckpoint: checkpoint(2) });
  expect(before.told).toHaveLength(1);
  for (const events of [readEvents(run), inStore()]) expect(alarmSteps(events)).toEqual([3]);
});

test('what happened to a run is written down in order', async () => {
  const kinds = readEvents(run).map(({ kind, step, message }) => `${step} ${kind} ${message}`);
  expect(kinds.filter((line) => / start | end /.test(line))).toEqual([
    '0 start started',
    '5 end finished after step 5',
    '4 start went on from step 4',
    '5 end finished after step 5',
    '2 start went on from step 2',
    '5 end finished after step 5',
  ]);
  expect(kinds.filter((line) => line.includes('checkpoint')).sort()).toEqual(
    [1, 2, 3, 4, 5].map((step) => `${step} checkpoint checkpoint-${step}`),
  );
});
