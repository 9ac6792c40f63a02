import { join } from 'node:path';
import { expect, test } from 'vitest';
import { metricLines } from '../../test/support/run-files.ts';
import { letters, temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { ConfigError, DataError } from '../errors.ts';
import { parameters } from '../models/index.ts';
import { byteTokenizer, chatmlTemplate } from '../tokenizers/index.ts';
import type { SupervisedExample } from './index.ts';
import {
  type SequenceOptions,
  type SupervisedTraining,
  supervisedSequence,
  type TrainerEvent,
  trainSupervised,
} from './index.ts';

const root = temporaryFolder();
let runs = 0;

/** Each prompt letter is followed by the three after it. */
const examples: SupervisedExample[] = Array.from('abcdefgh', (letter, index) => ({
  example: { index, columns: {} },
  prompt: letter,
  completion: Array.from({ length: 3 }, (_, n) =>
    String.fromCharCode(letter.charCodeAt(0) + n + 1),
  ).join(''),
}));

const train = (changes: Partial<SupervisedTraining> = {}) =>
  trainSupervised({
    policy: tinyPolicy({ initializerRange: 0.1 }),
    examples,
    learningRate: 0.02,
    perDeviceTrainBatchSize: 8,
    maxSteps: 30,
    loggingSteps: 1,
    outputDir: join(root, `run-${runs++}`),
    console: null,
    ...changes,
  });

test('the loss falls, the right completions become greedy, and the saved folder holds them', async () => {
  const policy = tinyPolicy({ initializerRange: 0.1 });
  const { outcome, step, folder, checkpoint } = await train({ policy, maxSteps: 80 });
  expect({ outcome, step }).toEqual({ outcome: 'finished', step: 80 });
  expect(checkpoint).toBe(join(folder, 'checkpoints', 'checkpoint-80'));
  const losses = metricLines(folder).map(({ loss }) => loss!);
  // At the start every token is about as likely: ln 20 = 3.0 nats.
  expect(losses[0]).toBeGreaterThan(2.3);
  expect(losses.at(-1)).toBeLessThan(0.3);
  const [rollout] = await policy.sample('c', { maxCompletionLength: 6, temperature: 0 });
  expect(rollout).toMatchObject({ text: 'def', finishReason: 'stop' });
});

test('metrics carry TRL’s names', async () => {
  const seen: TrainerEvent[] = [];
  const result = await train({
    maxSteps: 2,
    evalStrategy: 'steps',
    evalSteps: 1,
    evalExamples: examples,
    onEvent: (event) => seen.push(event),
  });
  const [line] = metricLines(result.folder);
  const names = ['loss', 'grad_norm', 'learning_rate', 'epoch', 'num_tokens', 'entropy'];
  for (const name of [...names, 'mean_token_accuracy', 'step_time'])
    expect(line).toHaveProperty([name]);
  const evaluation = metricLines(result.folder)[1]!;
  for (const name of ['eval_loss', 'eval_mean_token_accuracy', 'eval_entropy', 'eval_runtime'])
    expect(evaluation).toHaveProperty([name]);
});

test('evaluation on the training rows gives the loss the next step starts from', async () => {
  const { folder } = await train({
    maxSteps: 3,
    evalStrategy: 'steps',
    evalSteps: 1,
    evalOnStart: true,
    evalExamples: examples,
    perDeviceEvalBatchSize: 3,
  });
  const lines = metricLines(folder);
  const evaluated = lines.flatMap(({ eval_loss }) => eval_loss ?? []);
  const losses = lines.flatMap(({ loss }) => loss ?? []);
  // Every step reads all 8 rows, so its loss is that of the evaluation before it.
  for (const [i, loss] of losses.entries()) expect(evaluated[i]).toBeCloseTo(loss, 5);
});

test('num_tokens counts what was read, epoch what share of the rows', async () => {
  const { folder } = await train({ perDeviceTrainBatchSize: 2, maxSteps: 6 });
  const lines = metricLines(folder);
  // A row is 1 prompt letter, 3 letters and the end: 5 tokens, two rows a step.
  expect(lines.map(({ num_tokens }) => num_tokens)).toEqual([10, 20, 30, 40, 50, 60]);
  expect(lines.map(({ epoch }) => epoch)).toEqual([0.25, 0.5, 0.75, 1, 1.25, 1.5]);
});

test('accumulated micro-batches of unequal length give the weights of one batch', async () => {
  const uneven = examples.map((row, index) => ({
    ...row,
    completion: 'abcdefgh'.slice(0, 1 + (index % 5)),
  })) as SupervisedExample[];
  const weightsAfter = async (size: number, steps: number) => {
    const policy = tinyPolicy({ initializerRange: 0.1 }, { dtype: 'float64' });
    await train({
      policy,
      examples: uneven,
      maxSteps: 3,
      perDeviceTrainBatchSize: size,
      gradientAccumulationSteps: steps,
    });
    return [...parameters(policy.model).values()].flatMap((parameter) => parameter.toArray());
  };
  const [whole, split] = [await weightsAfter(8, 1), await weightsAfter(1, 8)];
  expect(split).toBeAllClose(whole, { rtol: 1e-7, atol: 1e-9 });
});

const options: SequenceOptions = {
  maxLength: null,
  completionOnlyLoss: null,
  assistantOnlyLoss: false,
  contextLength: 100,
};
const row = (prompt: string, completion: string): SupervisedExample => ({
  example: { index: 3, columns: {} },
  prompt,
  completion,
});

test('only the completion and its end are learned', () => {
  const sequence = supervisedSequence(row('ab', 'cd'), letters, options);
  expect(sequence).toEqual({
    tokens: [...letters.encode('abcd'), letters.eosTokenId],
    promptLength: 2,
    completionMask: [1, 1, 1],
  });
});

test('the prompt is learned too where asked for, save its first token', () => {
  const sequence = supervisedSequence(row('ab', 'c'), letters, {
    ...options,
    completionOnlyLoss: false,
  });
  expect(sequence).toMatchObject({ promptLength: 1, completionMask: [1, 1, 1] });
});

test('plain text is learned whole and ends with the end of sequence', () => {
  const sequence = supervisedSequence(
    { example: { index: 0, columns: {} }, text: 'abc' },
    letters,
    options,
  );
  expect(sequence.tokens).toEqual([...letters.encode('abc'), letters.eosTokenId]);
  expect(sequence).toMatchObject({ promptLength: 1, completionMask: [1, 1, 1] });
});

test('a conversation can be learned in the assistant’s turns only', () => {
  const tokenizer = byteTokenizer({ chatTemplate: chatmlTemplate });
  const messages = [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: 'yes' },
  ];
  const { tokens, promptLength, completionMask } = supervisedSequence(
    { example: { index: 0, columns: {} }, messages },
    tokenizer,
    { ...options, assistantOnlyLoss: true },
  );
  const learned = tokens.slice(promptLength).filter((_, t) => completionMask[t] === 1);
  const text = tokenizer.decode(learned, { skipSpecialTokens: false });
  expect(text).toContain('yes');
  expect(text).not.toContain('hi');
  expect(text).not.toContain('assistant');
});

test('max_length keeps the start', () => {
  const sequence = supervisedSequence(row('ab', 'cdef'), letters, { ...options, maxLength: 4 });
  expect(sequence.tokens).toEqual(letters.encode('abcd'));
  expect(sequence.completionMask).toEqual([1, 1]);
});

test('a row whose mask would be all zero is refused, saying what cut it', () => {
  const cut = () => supervisedSequence(row('abcd', 'e'), letters, { ...options, maxLength: 3 });
  expect(cut).toThrow(DataError);
  expect(cut).toThrow(/row 3 has no token to learn.*max_length 3 cuts it/);
});

test('a row past the context is refused, saying what to set', () => {
  const long = () => supervisedSequence(row('a', 'b'.repeat(99)), letters, options);
  expect(long).toThrow(ConfigError);
  expect(long).toThrow(
    /row 3 has 101 tokens and the model's context is 100; set max_length to at most 100/,
  );
});

test('text with a conversation is refused', () => {
  const mixed = { ...row('a', ''), completion: [{ role: 'assistant', content: 'b' }] };
  expect(() => supervisedSequence(mixed as SupervisedExample, letters, options)).toThrow(
    /row 3: one of prompt and completion is text, the other a conversation/,
  );
});

test('asking for evaluation without rows is refused before the first step', async () => {
  const events: TrainerEvent[] = [];
  const training = train({ evalStrategy: 'steps', onEvent: (event) => events.push(event) });
  await expect(training).rejects.toThrow(/no rows to evaluate on/);
  expect(events).toEqual([]);
});

test('no rows are refused', async () => {
  await expect(train({ examples: [] })).rejects.toThrow(/the training dataset has no usable row/);
});

test('rows of tokens are learned where their mask is 1, with nothing put around them', () => {
  const options = { maxLength: null, completionOnlyLoss: null, assistantOnlyLoss: false } as const;
  const row = { example: { index: 3, columns: {} }, tokens: [4, 5, 6, 7], mask: [0, 0, 1, 0] };
  expect(supervisedSequence(row, letters, { ...options, contextLength: 8 })).toEqual({
    tokens: [4, 5, 6, 7],
    promptLength: 2,
    completionMask: [1, 0],
  });
  const encode = (changes: object) => () =>
    supervisedSequence({ ...row, ...changes }, letters, { ...options, contextLength: 8 });
  expect(encode({ mask: [1] })).toThrow(/row 3: .* found 1 for 4/);
  expect(encode({ tokens: [4, 5, 20, 7] })).toThrow(/row 3: token 20 is not in the vocabulary/);
  expect(encode({ mask: [1, 0, 0, 0] })).toThrow(/row 3 has no token to learn/);
});
