import { expect, test } from 'vitest';
import { letters, promptExamples, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { DataError } from '../errors.ts';
import { resolveSampling } from '../policy/index.ts';
import { Generator } from '../tensor/index.ts';
import { byteTokenizer, chatmlTemplate } from '../tokenizers/index.ts';
import type { Rollout, RolloutGroup } from '../types.ts';
import { collectRollouts, completionMetrics, makePrompt } from './index.ts';

const policy = tinyPolicy();
const prompts = promptExamples(['a', 'bcd', 'ponm', 'k', 'h']).map((row) =>
  makePrompt(row, letters),
);

const collect = (batchRows?: number) =>
  collectRollouts(policy, prompts, {
    groupSize: 2,
    sampling: resolveSampling({ maxCompletionLength: 10, temperature: 0 }),
    generator: new Generator(1),
    ...(batchRows !== undefined && { batchRows }),
  });

test('there is a group for each prompt, in order, of as many completions as asked', async () => {
  const groups = await collect();
  expect(groups.map(({ prompt }) => prompt.text)).toEqual(['a', 'bcd', 'ponm', 'k', 'h']);
  for (const { rollouts } of groups) expect(rollouts.length).toBe(2);
});

test.each([1, 4, 6])('%i rows side by side change no greedy completion', async (batchRows) => {
  const [all, few] = [await collect(), await collect(batchRows)];
  for (const [p, { rollouts }] of all.entries())
    expect(few[p]!.rollouts.map(({ tokens }) => tokens)).toEqual(
      rollouts.map(({ tokens }) => tokens),
    );
});

test('tokens are counted as they are drawn', async () => {
  let drawn = 0;
  const groups = await collectRollouts(policy, prompts, {
    groupSize: 3,
    sampling: resolveSampling({ maxCompletionLength: 10 }),
    generator: new Generator(1),
    batchRows: 6,
    onTokens: (count) => {
      drawn += count;
    },
  });
  const lengths = groups.flatMap(({ rollouts }) => rollouts.map(({ tokens }) => tokens.length));
  expect(drawn).toBe(lengths.reduce((sum, length) => sum + length, 0));
});

test('an abort rejects', async () => {
  const collecting = collectRollouts(policy, prompts, {
    groupSize: 1,
    sampling: resolveSampling({ maxCompletionLength: 4 }),
    generator: new Generator(1),
    signal: AbortSignal.abort(new Error('enough')),
  });
  await expect(collecting).rejects.toThrow('enough');
});

const rolloutOf = (length: number, finishReason: Rollout['finishReason']): Rollout => ({
  tokens: Array<number>(length).fill(1),
  text: 'b'.repeat(length),
  logprobs: Array<number>(length).fill(-1),
  finishReason,
});

const groupOf = (...rollouts: Rollout[]): RolloutGroup => ({ prompt: prompts[0]!, rollouts });

test('lengths are counted over all completions and over those that ended by themselves', () => {
  const groups = [
    groupOf(rolloutOf(2, 'stop'), rolloutOf(8, 'length')),
    groupOf(rolloutOf(4, 'stop'), rolloutOf(8, 'length')),
  ];
  expect(completionMetrics(groups)).toEqual({
    'completions/mean_length': 5.5,
    'completions/min_length': 2,
    'completions/max_length': 8,
    'completions/mean_terminated_length': 3,
    'completions/min_terminated_length': 2,
    'completions/max_terminated_length': 4,
    'completions/clipped_ratio': 0.5,
  });
});

test('where no completion ended, terminated lengths are 0, as TRL has them', () => {
  expect(completionMetrics([groupOf(rolloutOf(3, 'length'))])).toMatchObject({
    'completions/mean_terminated_length': 0,
    'completions/min_terminated_length': 0,
    'completions/max_terminated_length': 0,
    'completions/clipped_ratio': 1,
  });
});

const row = { example: { index: 4, columns: {} } };

test('text is the prompt as it is', () => {
  expect(makePrompt({ ...row, prompt: 'abc' }, letters)).toEqual({
    ...row,
    source: 'abc',
    text: 'abc',
    tokens: [0, 1, 2],
  });
});

test('text begins with the tokens that the tokenizer leads with', () => {
  const specialTokens = ['<|bos|>', '<|eos|>'];
  const tokenizer = byteTokenizer({ specialTokens, bosToken: '<|bos|>' });
  const { tokens } = makePrompt({ ...row, prompt: 'x' }, tokenizer);
  expect(tokens).toEqual(tokenizer.encode('x', { addSpecialTokens: true }));
});

test('a conversation ends where the assistant is to speak', () => {
  const tokenizer = byteTokenizer({ chatTemplate: chatmlTemplate });
  const source = [{ role: 'user', content: 'hi' }];
  const { text, tokens } = makePrompt({ ...row, prompt: source }, tokenizer);
  expect(text).toBe('<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n');
  expect(tokenizer.decode(tokens, { skipSpecialTokens: false })).toBe(text);
});

test('a template’s variables reach it', () => {
  const chatTemplate = '{{ messages[0].content }}{% if loud %}!{% endif %}';
  const tokenizer = byteTokenizer({ chatTemplate });
  const prompt = [{ role: 'user', content: 'hi' }];
  const options = { chatTemplateKwargs: { loud: true } };
  expect(makePrompt({ ...row, prompt }, tokenizer, options).text).toBe('hi!');
});

test('an empty prompt is refused by row', () => {
  const empty = () => makePrompt({ ...row, prompt: '' }, letters);
  expect(empty).toThrow(DataError);
  expect(empty).toThrow(/row 4: the prompt is empty/);
});
