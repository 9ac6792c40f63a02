import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkpointBytes, metricLines } from '../../test/support/run-files.ts';
import { letters, temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { keptTokensOf } from '../batches/index.ts';
import {
  type PreferenceTraining,
  preferencePair,
  type TokensPreference,
  trainPreference,
} from './index.ts';

const root = temporaryFolder();
let runs = 0;
const folder = () => join(root, `run-${runs++}`);

const after = (letter: string, distance: number): string =>
  String.fromCharCode(letter.charCodeAt(0) + distance);

/** The letter after the prompt's is better than the three after that; lengths differ. */
const rowsOf = (worse: number): TokensPreference[] =>
  Array.from('abcdefgh', (letter, index) => ({
    example: { index, columns: {} },
    promptTokens: letters.encode(letter.repeat(1 + (index % 3))),
    chosenTokens: letters.encode(after(letter, 1).repeat(1 + (index % 2))),
    rejectedTokens: Array.from({ length: worse }, (_, other) =>
      letters.encode(after(letter, 2 + other).repeat(1 + ((index + other) % 3))),
    ),
  }));

const train = (changes: Partial<PreferenceTraining> = {}) =>
  trainPreference({
    policy: tinyPolicy({ initializerRange: 0.1 }),
    examples: rowsOf(3),
    lossType: ['softmax'],
    learningRate: 0.01,
    perDeviceTrainBatchSize: 8,
    maxSteps: 4,
    loggingSteps: 1,
    outputDir: folder(),
    console: null,
    ...changes,
  });

test('a row may say which tokens each was one of', () => {
  const row: TokensPreference = {
    example: { index: 0, columns: {} },
    promptTokens: [1],
    chosenTokens: [2, 3],
    rejectedTokens: [[4], [5]],
    keptTokens: {
      chosen: keptTokensOf([[2, 4], [3]]),
      rejected: [keptTokensOf([[2, 4]]), keptTokensOf([[5, 6]])],
    },
  };
  const { chosen, rejected, furtherRejected } = preferencePair(row, letters, {
    maxLength: null,
    contextLength: 8,
  });
  expect([chosen, rejected, ...furtherRejected!].map(({ keptTokens }) => keptTokens)).toEqual([
    row.keptTokens!.chosen,
    ...row.keptTokens!.rejected,
  ]);
});

test('as many sets as tokens: one too few is an error that names the side', () => {
  const row: TokensPreference = {
    example: { index: 7, columns: {} },
    promptTokens: [1],
    chosenTokens: [2, 3],
    rejectedTokens: [[4, 5]],
    keptTokens: { chosen: keptTokensOf([[2], [3]]), rejected: [keptTokensOf([[4]])] },
  };
  const read = () => preferencePair(row, letters, { maxLength: null, contextLength: 8 });
  expect(read).toThrow(/row 7: .* each of the 2 tokens of rejected that are read, found 1/);
  const cut = { ...row, keptTokens: { ...row.keptTokens!, rejected: [keptTokensOf([[4], [5]])] } };
  expect(() => preferencePair(cut, letters, { maxLength: 2, contextLength: 8 })).toThrow(
    /each of the 1 tokens of rejected that are read, found 2; .*max_length/,
  );
});

test('a row of tokens is one better and several worse sequences, with nothing added', () => {
  const row: TokensPreference = {
    example: { index: 0, columns: {} },
    promptTokens: [1, 2],
    chosenTokens: [3],
    rejectedTokens: [[4, 5], [6]],
  };
  const sequence = (tokens: number[]) => ({
    tokens,
    promptLength: 2,
    completionMask: tokens.slice(2).map(() => 1),
  });
  expect(preferencePair(row, letters, { maxLength: null, contextLength: 9 })).toEqual({
    chosen: sequence([1, 2, 3]),
    rejected: sequence([1, 2, 4, 5]),
    furtherRejected: [sequence([1, 2, 6])],
  });
  const none = { ...row, rejectedTokens: [] };
  expect(() => preferencePair(none, letters, { maxLength: null, contextLength: 9 })).toThrow(
    /row 0: expected a worse completion/,
  );
});

test('training against three worse completions starts at log 4, and the better one wins', async () => {
  const result = await train({ maxSteps: 25 });
  const lines = metricLines(result.folder);
  // Four equal log-ratios share a softmax: −log(1/4).
  expect(lines[0]!['loss']).toBeCloseTo(Math.log(4), 6);
  expect(lines.at(-1)!['loss']).toBeLessThan(1);
  expect(lines.at(-1)!['rewards/accuracies']).toBe(1);
});

test('with one worse completion it trains as DPO, to the bit', async () => {
  const [softmax, dpo] = [
    await train({ examples: rowsOf(1) }),
    await train({ examples: rowsOf(1), lossType: ['sigmoid'] }),
  ];
  const bytes = ({ folder: run }: { folder: string }) =>
    checkpointBytes(run, 4)['model.safetensors'];
  expect(bytes(softmax)).toEqual(bytes(dpo));
});

test.each([
  ['in micro-batches', { perDeviceTrainBatchSize: 2, gradientAccumulationSteps: 4 }],
  ['without padding', { paddingFree: true }],
  ['scored beforehand', { precomputeRefLogProbs: true, precomputeRefBatchSize: 3 }],
])('%s the loss is the same', async (_, changes) => {
  const order = { trainSamplingStrategy: 'sequential' } as const;
  const losses = async (more: Partial<PreferenceTraining>) =>
    metricLines((await train({ ...order, ...more })).folder).map(({ loss }) => loss);
  const [whole, other] = [await losses({}), await losses(changes)];
  for (const [step, loss] of whole.entries()) expect(other[step]).toBeCloseTo(loss!, 5);
});

test('rows with unequal numbers of worse completions are refused', async () => {
  const examples = [...rowsOf(2).slice(0, 2), ...rowsOf(3).slice(2)];
  await expect(train({ examples })).rejects.toThrow(
    /row 2 has 3 worse completions and row 0 has 2/,
  );
});
