import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { letters, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { keptLength, keptSet } from '../batches/index.ts';
import { ConfigError } from '../errors.ts';
import { hiddenStates, logits as logitsOf, parameters } from '../models/index.ts';
import { Generator, liveTensors, noGrad, tidy, tokenTensor } from '../tensor/index.ts';
import { byteTokenizer, charTokenizer } from '../tokenizers/index.ts';
import type { Rollout } from '../types.ts';
import { Policy, resolveSampling, type SamplingOptions, sampleCompletions } from './index.ts';
import { StopMatcher } from './stop-matcher.ts';

const policy = tinyPolicy();
const a = letters.encode('a');
const middle = letters.encode('bcd');
const long = letters.encode('ponmlkjihg');

interface Asked extends Partial<SamplingOptions> {
  groupSize?: number;
  seed?: number;
  signal?: AbortSignal;
  onTokens?: (count: number) => void;
  from?: Policy;
}

function sample(
  prompts: readonly (readonly number[])[],
  { groupSize = 1, seed = 1, signal, onTokens, from = policy, ...sampling }: Asked = {},
): Promise<Rollout[][]> {
  return sampleCompletions({
    ...from,
    prompts,
    groupSize,
    sampling: resolveSampling({ maxCompletionLength: 20, ...sampling }),
    generator: new Generator(seed),
    ...(signal && { signal }),
    ...(onTokens && { onTokens }),
  });
}

/** The likeliest continuation, without cache, batch or padding: one whole forward pass a token. */
function greedyByHand(prompt: readonly number[], count: number) {
  const tokens = [...prompt];
  const logprobs: number[] = [];
  for (let step = 0; step < count; step++) {
    noGrad(() =>
      tidy(() => {
        const hidden = hiddenStates(policy.model, {
          tokens: tokenTensor(tokens, [1, tokens.length]),
        });
        const last = logitsOf(policy.model, hidden.select(1, tokens.length - 1)).logSoftmax(-1);
        tokens.push(last.argmax(-1).item());
        logprobs.push(last.max().item());
      }),
    );
    if (tokens.at(-1) === letters.eosTokenId) break;
  }
  return { tokens: tokens.slice(prompt.length), logprobs };
}

test.each([
  ['a', a],
  ['bcd', middle],
  ['ponmlkjihg', long],
])('greedy completion of %s is what whole forward passes give', async (_, prompt) => {
  const [[rollout]] = (await sample([prompt], { temperature: 0 })) as [[Rollout]];
  const expected = greedyByHand(prompt, 20);
  expect(rollout.tokens).toEqual(expected.tokens);
  expect(rollout.logprobs).toBeAllClose(expected.logprobs, { rtol: 0, atol: 1e-5 });
});

test('a prompt beside longer ones is completed as it is alone', async () => {
  const together = await sample([a, long, middle], { temperature: 0 });
  for (const [p, prompt] of [a, long, middle].entries()) {
    const [[alone]] = (await sample([prompt], { temperature: 0 })) as [[Rollout]];
    expect(together[p]![0]!.tokens).toEqual(alone.tokens);
    expect(together[p]![0]!.logprobs).toBeAllClose(alone.logprobs, { rtol: 0, atol: 1e-5 });
  }
});

test('rows that finish early leave the others what they were', async () => {
  // Alone, each prompt is one row and nothing is ever dropped. Letters become stop tokens, so that rows end at different times.
  const prompts = letters.encode('abcdefghijklmnop').map((token) => [token, 3]);
  const stopTokens = letters.encode('aei');
  const together = await sample(prompts, { temperature: 0, stopTokens, maxCompletionLength: 40 });
  const lengths = new Set(together.map(([rollout]) => rollout!.tokens.length));
  expect(lengths.size).toBeGreaterThan(4);
  for (const [p, prompt] of prompts.entries()) {
    const [[alone]] = (await sample([prompt], {
      temperature: 0,
      stopTokens,
      maxCompletionLength: 40,
    })) as [[Rollout]];
    expect(together[p]![0]!.tokens).toEqual(alone.tokens);
    expect(together[p]![0]!.logprobs).toBeAllClose(alone.logprobs, { rtol: 0, atol: 1e-5 });
  }
});

test('the completions of a group differ and each is of its own prompt', async () => {
  const groups = await sample([a, long], { groupSize: 6 });
  expect(groups.map((group) => group.length)).toEqual([6, 6]);
  for (const group of groups) {
    const texts = new Set(group.map(({ tokens }) => tokens.join()));
    expect(texts.size).toBeGreaterThan(3);
  }
  const greedy = await sample([a, long], { groupSize: 3, temperature: 0 });
  for (const [p, prompt] of [a, long].entries())
    for (const { tokens } of greedy[p]!) expect(tokens).toEqual(greedyByHand(prompt, 20).tokens);
});

test('a seed decides every completion, and another seed gives others', async () => {
  const tokensOf = async (seed: number) =>
    (await sample([a, middle], { groupSize: 4, seed })).flat().map(({ tokens }) => tokens);
  expect(await tokensOf(5)).toEqual(await tokensOf(5));
  expect(await tokensOf(5)).not.toEqual(await tokensOf(6));
});

test('a completion that reaches the limit ends by length, one with the end token by stop', async () => {
  const rollouts = (await sample([a], { groupSize: 64, maxCompletionLength: 12 })).flat();
  const reasons = new Set(rollouts.map(({ finishReason }) => finishReason));
  expect(reasons).toEqual(new Set(['stop', 'length']));
  for (const { tokens, finishReason, text, logprobs } of rollouts) {
    const ended = tokens.at(-1) === letters.eosTokenId;
    expect(finishReason).toBe(ended ? 'stop' : 'length');
    expect(ended || tokens.length === 12).toBe(true);
    expect(tokens.slice(0, -1)).not.toContain(letters.eosTokenId);
    expect(text).toBe(letters.decode(tokens));
    expect(logprobs.length).toBe(tokens.length);
  }
});

test('a stop token ends a completion and stays among its tokens', async () => {
  const [stop] = letters.encode('f');
  const rollouts = (await sample([a], { groupSize: 32, stopTokens: [stop!] })).flat();
  const stopped = rollouts.filter(({ tokens }) => tokens.at(-1) === stop);
  expect(stopped.length).toBeGreaterThan(3);
  for (const { finishReason } of stopped) expect(finishReason).toBe('stop');
  for (const { tokens } of rollouts) expect(tokens.slice(0, -1)).not.toContain(stop);
});

const h = letters.encode('h');

/** A greedy completion of many letters, to take stop strings from. */
const unstopped = async () => {
  const [[rollout]] = (await sample([h], { temperature: 0 })) as [[Rollout]];
  expect(new Set(rollout.text).size).toBeGreaterThan(4);
  return rollout;
};

test('a stop string across the borders of tokens ends a completion and is left out of its text', async () => {
  const { text, tokens } = await unstopped();
  const stop = text.slice(2, 5);
  const stopStrings = ['zz', stop];
  const [[rollout]] = (await sample([h], { temperature: 0, stopStrings })) as [[Rollout]];
  expect(rollout.finishReason).toBe('stop');
  expect(rollout.text).toBe(text.slice(0, text.indexOf(stop)));
  const ends = tokens.findIndex((_, t) => letters.decode(tokens.slice(0, t + 1)).includes(stop));
  expect(rollout.tokens).toEqual(tokens.slice(0, ends + 1));
});

test('of two stop strings that end together, the text is cut at the one that starts first', async () => {
  const { text } = await unstopped();
  const stopStrings = [text.slice(5, 7), text.slice(3, 7)];
  const [[rollout]] = (await sample([h], { temperature: 0, stopStrings })) as [[Rollout]];
  expect(rollout.text).toBe(text.slice(0, 3));
});

test('a stop string that never comes changes nothing', async () => {
  const [[rollout]] = (await sample([h], { temperature: 0, stopStrings: ['zzz'] })) as [[Rollout]];
  expect(rollout).toEqual(await unstopped());
});

test('a character of several byte tokens is decoded whole and can be a stop string', async () => {
  const tokenizer = byteTokenizer();
  const matcher = new StopMatcher(tokenizer, ['é!']);
  const pushed = tokenizer.encode('caf\u00e9! no').map((token) => matcher.push(token));
  // c a f é(2 bytes) ! : the sixth token completes the stop string.
  expect(pushed.indexOf(true)).toBe(5);
  const fresh = new StopMatcher(tokenizer, ['é!']);
  for (const token of tokenizer.encode('caf\u00e9!')) fresh.push(token);
  expect(fresh.finish()).toBe('caf');
});

test('every decode step reports the tokens it drew', async () => {
  let drawn = 0;
  const rollouts = (
    await sample([a, long], { groupSize: 5, onTokens: (count) => (drawn += count) })
  ).flat();
  expect(drawn).toBe(rollouts.reduce((sum, { tokens }) => sum + tokens.length, 0));
});

test('an abort stops sampling with its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  let steps = 0;
  const sampling = sample([a], {
    maxCompletionLength: 50,
    stopStrings: [],
    signal: controller.signal,
    onTokens: () => {
      if (++steps === 1) controller.abort(reason);
    },
  });
  await expect(sampling).rejects.toBe(reason);
  expect(steps).toBe(1);
});

test('sampling lets the event loop turn', async () => {
  let turns = 0;
  let going = true;
  const count = async () => {
    while (going) {
      await nextTurn();
      turns++;
    }
  };
  const counting = count();
  await sample([a], { maxCompletionLength: 50, groupSize: 8 });
  going = false;
  await counting;
  expect(turns).toBeGreaterThan(2);
});

test('an empty prompt is refused by number', async () => {
  await expect(sample([a, []])).rejects.toThrow(/prompt 1 has no tokens/);
});

test('a prompt that leaves the context no room is refused, saying what would fit', async () => {
  // Context 64, prompt 10: 54 tokens are left.
  const asked = sample([a, long], { maxCompletionLength: 55 });
  await expect(asked).rejects.toThrow(ConfigError);
  await expect(sample([a, long], { maxCompletionLength: 55 })).rejects.toThrow(
    /prompt 1 has 10 tokens; .* context of 64. Set max_completion_length to at most 54/,
  );
  expect((await sample([long], { maxCompletionLength: 54 })).length).toBe(1);
  const full = Array.from({ length: 64 }, () => a[0]!);
  await expect(sample([full])).rejects.toThrow(/Shorten the prompt to less than 64 tokens/);
});

test('no prompts, no completions', async () => {
  expect(await sample([])).toEqual([]);
});

test('a tokenizer of more tokens than the model knows is refused', () => {
  const other = byteTokenizer();
  expect(() => new Policy(policy.model, other)).toThrow(
    /the model knows 20 tokens and the tokenizer .* makes 260/,
  );
});

test('a model may know more tokens than the tokenizer', () => {
  expect(new Policy(policy.model, charTokenizer('abc')).tokenizer.vocabSize).toBe(7);
});

test('a repetition penalty keeps prompt and completion tokens from coming back', async () => {
  const [[rollout]] = (await sample([middle], {
    temperature: 0,
    repetitionPenalty: 1e6,
    maxCompletionLength: 8,
  })) as [[Rollout]];
  const all = [...middle, ...rollout.tokens];
  expect(new Set(all).size).toBe(all.length);
});

test('kept sets hold each token drawn and nothing is kept without a cut', async () => {
  const [[cut]] = (await sample([a], { topK: 3 })) as [[Rollout]];
  expect(keptLength(cut.keptTokens!)).toBe(cut.tokens.length);
  for (const [t, token] of cut.tokens.entries()) {
    const kept = keptSet(cut.keptTokens!, t);
    expect(kept.length).toBe(3);
    expect(kept).toContain(token);
  }
  const [[whole]] = (await sample([a])) as [[Rollout]];
  expect(whole.keptTokens).toBeUndefined();
});

test('sampling leaves no tensor behind, also where it is aborted', async () => {
  await sample([a, long], { groupSize: 4, topK: 5 });
  const before = liveTensors();
  await sample([a, long, middle], { groupSize: 4, topP: 0.9, repetitionPenalty: 1.1 });
  await sample([a], { signal: AbortSignal.abort() }).catch(() => {});
  expect(liveTensors()).toBe(before);
});

test('sampling does not touch gradients or weights', async () => {
  await sample([a], { groupSize: 2 });
  for (const parameter of parameters(policy.model).values()) expect(parameter.grad).toBeNull();
});

test('a policy completes a prompt given as text', async () => {
  const completions = await policy.sample('abc', { count: 3, seed: 2, maxCompletionLength: 5 });
  const [direct] = await sample([letters.encode('abc')], {
    groupSize: 3,
    seed: 2,
    maxCompletionLength: 5,
  });
  expect(completions.map(({ text }) => text)).toEqual(direct!.map(({ text }) => text));
});
