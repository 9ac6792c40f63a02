import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { metricLines } from '../../test/support/run-files.ts';
import { letters, temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { keptTokensOf } from '../batches/index.ts';
import { ConfigError } from '../errors.ts';
import { hiddenStates, logits, parameters } from '../models/index.ts';
import { noGrad, tokenTensor } from '../tensor/index.ts';
import { byteTokenizer } from '../tokenizers/index.ts';
import { encodeRows, type SupervisedTraining, tokensOf, trainSupervised } from './index.ts';
import { packTexts } from './supervised-rows.ts';

const golden = JSON.parse(
  readFileSync(new URL('../../test/golden/batches/packing.json', import.meta.url), 'utf8'),
) as {
  lengths: number[];
  maxLength: number;
  rows: Record<'bfd' | 'bfd_split' | 'wrapped', [number, number, number][][]>;
};

describe('rows are those of TRL 1.13', () => {
  // Token 1000 i + j is the j-th of sequence i, as in the generator of the golden values.
  const texts = golden.lengths.map((length, i) => ({
    tokens: Array.from({ length }, (_, j) => 1000 * i + j),
    mask: Array<number>(length).fill(1),
  }));
  const cut = texts.map(({ tokens, mask }) => ({
    tokens: tokens.slice(0, golden.maxLength),
    mask: mask.slice(0, golden.maxLength),
  }));

  const theirs = (strategy: keyof typeof golden.rows) =>
    golden.rows[strategy].map((row) =>
      row.flatMap(([i, from, length]) => Array.from({ length }, (_, j) => 1000 * i + from + j)),
    );

  test.each(['bfd', 'bfd_split'] as const)('%s', (strategy) => {
    const rows = packTexts(strategy === 'bfd' ? cut : texts, strategy, golden.maxLength);
    expect(rows.map((row) => row.flatMap(({ tokens }) => tokens))).toEqual(theirs(strategy));
    // Each piece of a sequence is one of its own.
    expect(rows.map((row) => row.length)).toEqual(golden.rows[strategy].map((row) => row.length));
  });

  // From the second thousand on, TRL 1.13 repeats the tokens of the first instead of wrapping what follows.
  test('wrapped, for the first thousand', () => {
    const rows = packTexts(texts.slice(0, 1000), 'wrapped', golden.maxLength);
    expect(rows.every((row) => row.length === 1)).toBe(true);
    const found = rows.map((row) => row[0]!.tokens);
    expect(found).toEqual(theirs('wrapped').slice(0, rows.length));
    expect(
      packTexts(texts, 'wrapped', golden.maxLength)
        .flat()
        .flatMap(({ tokens }) => tokens),
    ).toEqual(texts.flatMap(({ tokens }) => tokens));
  });
});

const tokenizer = byteTokenizer();
const textOf = (index: number, text: string) => ({ example: { index, columns: {} }, text });
const answer = (index: number, prompt: string, completion: string) => ({
  example: { index, columns: {} },
  prompt,
  completion,
});
const plain = {
  contextLength: 64,
  completionOnlyLoss: null,
  assistantOnlyLoss: false,
};
const options = { ...plain, maxLength: 6, packing: true };

describe('what is learned of a packed row', () => {
  test('is never the first token of a piece', () => {
    const rows = encodeRows([textOf(0, 'abcdefgh')], tokenizer, {
      ...options,
      packingStrategy: 'bfd_split',
    });
    // Eight bytes and the end of the sequence: six tokens and three.
    expect(rows.map((row) => row.map(({ completionMask }) => completionMask.length))).toEqual([
      [5],
      [2],
    ]);
  });

  test('is the completion only, in whichever piece it stands', () => {
    const rows = encodeRows([answer(0, 'abcdefgh', 'ij')], tokenizer, {
      ...options,
      packingStrategy: 'bfd_split',
    });
    const learned = rows
      .flat()
      .map(({ tokens, promptLength, completionMask }) =>
        tokens.slice(promptLength).filter((_, t) => completionMask[t] === 1),
      );
    // The first piece, "abcdef", has nothing to learn and stays; of the second, "ghij⏎", three tokens are.
    expect(learned).toEqual([[], [...tokenizer.encode('ij'), tokenizer.eosTokenId]]);
  });

  test('needs a part to learn within max_length unless rows are split', () => {
    const rows = [answer(0, 'abcdefgh', 'ij')];
    expect(() => encodeRows(rows, tokenizer, options)).toThrow(/no token to learn.*max_length 6/);
  });
});

test('rows that see across their texts must fit the context', () => {
  const rows = [textOf(0, 'abc')];
  const wide = { ...options, maxLength: 65, packingStrategy: 'wrapped' } as const;
  expect(() => encodeRows(rows, tokenizer, wide)).toThrow(ConfigError);
  expect(() => encodeRows(rows, tokenizer, wide)).toThrow(/set max_length to at most 64/);
  expect(encodeRows(rows, tokenizer, { ...wide, packingStrategy: 'bfd' })).toHaveLength(1);
});

const root = temporaryFolder();
let runs = 0;
const examples = Array.from('abcdefghij', (letter, index) => ({
  example: { index, columns: {} },
  prompt: letter.repeat(1 + (index % 3)),
  completion: 'abc'.slice(0, 1 + (index % 3)),
}));

async function train(changes: Partial<SupervisedTraining> = {}) {
  const policy = tinyPolicy({ initializerRange: 0.1 }, { dtype: 'float64' });
  const { folder } = await trainSupervised({
    policy,
    examples,
    evalExamples: examples.slice(0, 4),
    learningRate: 0.02,
    adamEpsilon: 1e-3,
    maxSteps: 3,
    loggingSteps: 1,
    evalStrategy: 'steps',
    trainSamplingStrategy: 'sequential',
    outputDir: join(root, `run-${runs++}`),
    console: null,
    ...changes,
  });
  const weights = [...parameters(policy.model).values()].flatMap((weight) => weight.toArray());
  return { weights, lines: metricLines(folder) };
}

const timeless = (line: Record<string, unknown>) =>
  Object.entries(line).filter(([key]) => !/time|second|live_tensors/.test(key));

test('padding_free changes neither weights nor metrics', async () => {
  const batch = { perDeviceTrainBatchSize: 5, perDeviceEvalBatchSize: 4 };
  const [plain, free] = [await train(batch), await train({ ...batch, paddingFree: true })];
  expect(free.weights).toBeAllClose(plain.weights, { rtol: 0, atol: 1e-9 });
  for (const [i, line] of free.lines.entries()) {
    const expected = timeless(plain.lines[i]!);
    expect(timeless(line).map(([key]) => key)).toEqual(expected.map(([key]) => key));
    expect(timeless(line).map(([, value]) => Number(value))).toBeAllClose(
      expected.map(([, value]) => Number(value)),
      { rtol: 1e-9, atol: 1e-12 },
    );
  }
});

test('packing trains on the same tokens in fewer rows', async () => {
  const whole = { maxSteps: -1, numTrainEpochs: 2, maxLength: 12 };
  const plain = await train({ ...whole, perDeviceTrainBatchSize: 10 });
  const rows = encodeRows(examples, letters, { ...options, maxLength: 12 });
  expect(rows.length).toBeLessThan(examples.length / 2);
  const packed = await train({ ...whole, packing: true, perDeviceTrainBatchSize: rows.length });
  // All rows in one step, however they are laid out.
  expect(packed.weights).toBeAllClose(plain.weights, { rtol: 0, atol: 1e-9 });
  const last = ({ lines }: typeof plain, key: string) =>
    lines.map((line) => line[key]).findLast((value) => value !== undefined) as number;
  expect(last(packed, 'num_tokens')).toBe(2 * tokensOf(rows));
  expect(last(packed, 'num_tokens')).toBe(last(plain, 'num_tokens'));
  expect(last(packed, 'eval_loss')).toBeCloseTo(last(plain, 'eval_loss'), 9);
});

describe('rows that say which tokens each was one of', () => {
  const kept = (sets: readonly (readonly number[])[]) => ({
    example: { index: 0, columns: {} },
    tokens: [1, 2, 3],
    mask: [0, 1, 1],
    keptTokens: keptTokensOf(sets),
  });

  test('are learned among these: the loss is −log of the share of their probability', async () => {
    const policy = tinyPolicy({ initializerRange: 0.5 }, { dtype: 'float64' });
    const scores = noGrad(() =>
      logits(policy.model, hiddenStates(policy.model, { tokens: tokenTensor([1, 2], [1, 2]) })),
    ).toArray();
    const sets = [
      [2, 5],
      [0, 3, 4],
    ];
    const [first, second] = sets.map((set, t) => {
      const weight = (id: number) => Math.exp(scores[t * policy.model.config.vocabSize + id]!);
      return -Math.log(weight([2, 3][t]!) / set.reduce((sum, id) => sum + weight(id), 0));
    });
    const { folder } = await trainSupervised({
      policy,
      examples: [kept(sets)],
      learningRate: 0,
      maxSteps: 1,
      loggingSteps: 1,
      maxLength: null,
      outputDir: join(root, `run-${runs++}`),
      console: null,
    });
    expect(metricLines(folder)[0]!['loss']).toBeCloseTo((first! + second!) / 2, 10);
  });

  test.each([
    ['too few sets', [[2]], {}, /each token from the first learned one on, 2, found 1/],
    ['a row that is cut', [[2], [3]], { maxLength: 2 }, /cannot be cut or split/],
    [
      'rows that are split',
      [[2], [3]],
      { maxLength: 8, packing: true, packingStrategy: 'bfd_split' },
      /cannot be cut or split/,
    ],
  ] as const)('%s: an error', (_, sets, changes, message) => {
    const read = { ...plain, maxLength: null, ...changes };
    expect(() => encodeRows([kept(sets)], tokenizer, read)).toThrow(message);
  });
});

test('rows grouped by length begin with the longest', async () => {
  const { lines } = await train({
    trainSamplingStrategy: 'group_by_length',
    perDeviceTrainBatchSize: 1,
    maxSteps: 1,
  });
  // Prompt and completion of three letters each, and the end of the sequence.
  expect(lines[0]?.['num_tokens']).toBe(7);
});
