import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { metricLines } from '../../test/support/run-files.ts';
import { promptExamples, temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { readRunRecord } from '../runs/index.ts';
import { type PolicyGradientTraining, type TrainResult, trainPolicyGradient } from './index.ts';

const root = temporaryFolder();
let runs = 0;

const train = (changes: Partial<PolicyGradientTraining>): Promise<TrainResult> =>
  trainPolicyGradient({
    policy: tinyPolicy(),
    examples: promptExamples(['b', 'cd']),
    reward: (completion) => completion.length,
    numGenerations: 2,
    perDeviceTrainBatchSize: 4,
    maxCompletionLength: 3,
    maxSteps: 4,
    saveSteps: 1,
    loggingSteps: 1,
    outputDir: join(root, `run-${runs++}`),
    console: null,
    ...changes,
  });

/** Resumes a run and gives what was printed, what was told as events, and the steps in its metrics. */
async function resume(folder: string, changes: Partial<PolicyGradientTraining> = {}) {
  const printed = new PassThrough();
  const told: string[] = [];
  await train({
    outputDir: null,
    resumeFromCheckpoint: folder,
    console: printed as unknown as NodeJS.WriteStream,
    onEvent: (event) => {
      if (event.type === 'warning') told.push(event.message);
    },
    ...changes,
  });
  const text = String(printed.read() ?? '');
  const warnings = text.split('\n').filter((line) => line.startsWith('warning: '));
  expect(warnings).toEqual(told.map((message) => `warning: ${message}`));
  return { told, steps: metricLines(folder).map(({ step }) => step) };
}

/** Flips one bit in the middle of a file. */
function flipBit(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
}

test('a run left as it was is taken up without a word', async () => {
  const { folder } = await train({ maxSteps: 4 });
  expect(await resume(folder)).toEqual({ told: [], steps: [1, 2, 3, 4] });
});

test('one bit flipped in the newest checkpoint sends the run back to the one before', async () => {
  const { folder } = await train({});
  flipBit(join(folder, 'checkpoints', 'checkpoint-4', 'model.safetensors'));
  flipBit(join(folder, 'checkpoints', 'checkpoint-3', 'optimizer.safetensors'));
  const { told, steps } = await resume(folder);
  expect(told).toEqual([
    'checkpoint-4 is damaged (model.safetensors has changed since it was saved (its SHA-256 differs)); going on from step 2, before it',
    'checkpoint-3 is damaged (optimizer.safetensors has changed since it was saved (its SHA-256 differs)); going on from step 2, before it',
  ]);
  expect(steps).toEqual([1, 2, 3, 4]);
  // The damaged ones were saved anew.
  expect((await resume(folder)).told).toEqual([]);
});

test('half a line at the end of the metrics is removed and said', async () => {
  const { folder } = await train({});
  appendFileSync(join(folder, 'metrics.jsonl'), '{"step":5,"lo');
  const { told, steps } = await resume(folder);
  expect(told).toEqual([
    expect.stringMatching(/metrics\.jsonl: removed 13 bytes at its end that are no whole line$/),
  ]);
  expect(steps).toEqual([1, 2, 3, 4]);
});

test('metrics cut to half are mended, and the lines that are gone are named', async () => {
  const { folder } = await train({});
  const file = join(folder, 'metrics.jsonl');
  const lines = readFileSync(file, 'utf8').split('\n');
  // One whole line and part of the second.
  truncateSync(file, lines[0]!.length + 1 + 20);
  const { told, steps } = await resume(folder, { maxSteps: 5, learningRate: 1e-6 });
  expect(told).toEqual([
    expect.stringContaining('other options'),
    expect.stringMatching(/metrics\.jsonl: removed 20 bytes/),
    expect.stringMatching(
      /: ends at step 1, and lines up to step 4 had been written; they are lost$/,
    ),
  ]);
  expect(steps).toEqual([1, 5]);
});

test('a run that goes on on another device is told of it', async () => {
  const { folder } = await train({});
  const record = readRunRecord(folder);
  const [first] = record.attempts;
  expect(first!.fingerprint['device']).toBe('cpu');
  const fingerprint = { ...first!.fingerprint, device: 'cuda:0' };
  const changed = { ...record, attempts: [{ ...first, fingerprint }] };
  writeFileSync(join(folder, 'run.json'), JSON.stringify(changed));
  const { told } = await resume(folder);
  expect(told).toEqual([expect.stringContaining('other arithmetic')]);
  expect(told[0]).toContain('(device: cuda:0 → cpu)');
});
