import { join } from 'node:path';
import { expect, test } from 'vitest';
import { letters, temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { groupOfTexts, scoreGroups } from '../rewards/index.ts';
import { charTokenizer, chatmlTemplate } from '../tokenizers/index.ts';
import type { RolloutGroup, TextOrMessages } from '../types.ts';
import { RewardModel, rewardModel, scoreCompletions } from './index.ts';

const root = temporaryFolder();
const folder = join(root, 'politeness');
const loaded = RewardModel.from(tinyPolicy(), { seed: 3 });
loaded.save(folder);

const end = letters.eosTokenId;
const exact = { rtol: 0, atol: 1e-6 };

/** Completions of a prompt; those that are cut off have no end. */
function group(source: TextOrMessages, texts: readonly string[], cut: readonly string[] = []) {
  const { prompt, rollouts } = groupOfTexts([...texts, ...cut]);
  return {
    prompt: { ...prompt, source },
    rollouts: rollouts.map((rollout, i) =>
      i < texts.length ? rollout : { ...rollout, finishReason: 'length' as const },
    ),
  } satisfies RolloutGroup;
}

test('a folder is a reward of its name, which scores each completion behind its prompt', async () => {
  const scores = await scoreGroups([group('ab', ['c', 'defg'])], rewardModel(folder));
  expect(scores.names).toEqual(['politeness']);
  const texts = ['abc', 'abdefg'].map((text) => [...letters.encode(text), end]);
  expect(scores.totals[0]!.map(Number)).toBeAllClose(loaded.score(texts), exact);
});

test('a completion that was cut off is scored without an end', async () => {
  const scores = await scoreGroups([group('ab', ['c'], ['c'])], rewardModel(loaded));
  const [text] = [letters.encode('abc')];
  const expected = loaded.score([[...text, end], text]);
  expect(expected[0]).not.toBeCloseTo(expected[1]!, 3);
  expect(scores.totals[0]!.map(Number)).toBeAllClose(expected, exact);
});

test('of a conversation it reads what its own template writes', async () => {
  const tokenizer = charTokenizer('abcdefghijklmnop\nurst', { chatTemplate: chatmlTemplate });
  const spoken = RewardModel.from(tinyPolicy({ tokenizer }), { seed: 3 });
  const prompt = [{ role: 'user', content: 'hi' }];
  const scores = await scoreGroups([group(prompt, ['no'])], rewardModel(spoken));
  const turn = (role: string, content: string) => `<|im_start|>${role}\n${content}<|im_end|>\n`;
  const text = `${turn('user', 'hi')}${turn('assistant', 'no')}`;
  const expected = spoken.score([tokenizer.encode(text)]);
  expect(scores.totals[0]!.map(Number)).toBeAllClose(expected, exact);
});

test('prompts and completions side by side give numbers, whatever the batch', () => {
  const prompts = ['a', 'ab', 'abc'];
  const completions = ['p', 'op', 'nop'];
  const texts = prompts.map((prompt, i) => [...letters.encode(prompt + completions[i]), end]);
  for (const batchSize of [1, 2, 3]) {
    const scores = scoreCompletions(loaded, prompts, completions, { batchSize });
    expect(scores).toBeAllClose(loaded.score(texts), { rtol: 0, atol: 1e-5 });
  }
});

test('a completion past the reward model’s context has no value, and it is said why', async () => {
  const scores = await scoreGroups([group('a', ['b'.repeat(64)])], rewardModel(loaded));
  expect(scores.totals).toEqual([[null]]);
  expect(scores.failures[0]!.firstError).toMatch(/66 tokens.*context is 64/);
});
