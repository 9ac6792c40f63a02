import { expect, test } from 'vitest';
import { Generator, randn, tensor, tidy } from '../tensor/index.ts';
import { type Draw, draw } from './draw.ts';
import { resolveSampling, type SamplingOptions } from './sampling-options.ts';

const draws = 20_000;
const logits = [2, 1.5, 1, 0.5, 0, -0.5, -1, -3];

type Cut = Omit<SamplingOptions, 'maxCompletionLength'>;

function drawMany(options: Cut, { seen, of = logits }: { seen?: number[]; of?: number[] } = {}) {
  const sampling = resolveSampling({ maxCompletionLength: 1, ...options });
  return tidy(() => {
    const rows = tensor([of]).expand([draws, of.length]);
    const before = seen && tensor([of.map((_, id) => (seen.includes(id) ? 1 : 0))]).ne(0);
    return draw(rows, sampling, new Generator(11), before?.expand([draws, of.length]));
  });
}

const softmax = (values: readonly number[]): number[] => {
  const weights = values.map(Math.exp);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
};

/** The distribution that the options name, by sorting and adding up: top-k, then top-p, then min-p. */
function expected({ temperature = 1, topK = 0, topP = 1, minP = 0 }: Cut): number[] {
  const probabilities = softmax(logits.map((logit) => logit / temperature));
  const order = probabilities
    .map((_, id) => id)
    .sort((a, b) => probabilities[b]! - probabilities[a]!);
  const most = topK === 0 ? order.length : topK;
  const among = order.slice(0, most);
  const mass = among.reduce((sum, id) => sum + probabilities[id]!, 0);
  const kept: number[] = [];
  let reached = 0;
  for (const id of among) {
    if (reached >= topP) break;
    kept.push(id);
    reached += probabilities[id]! / mass;
  }
  const likely = kept.filter((id) => probabilities[id]! >= (minP ?? 0) * probabilities[order[0]!]!);
  const total = likely.reduce((sum, id) => sum + probabilities[id]!, 0);
  return probabilities.map((p, id) => (likely.includes(id) ? p / total : 0));
}

/** Upper 0.1% points of χ² by degrees of freedom 1 … 7 (Abramowitz and Stegun, table 26.8). */
const critical = [10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32];

function expectDistributed({ tokens }: Draw, probabilities: readonly number[]): void {
  const counts = probabilities.map((_, id) => tokens.filter((token) => token === id).length);
  const possible = probabilities.flatMap((p, id) => (p > 0 ? [id] : []));
  for (const [id, p] of probabilities.entries()) if (p === 0) expect(counts[id]).toBe(0);
  if (possible.length === 1) return;
  const statistic = possible.reduce((sum, id) => {
    const wanted = draws * probabilities[id]!;
    return sum + (counts[id]! - wanted) ** 2 / wanted;
  }, 0);
  expect(statistic).toBeLessThan(critical[possible.length - 2]!);
}

const cuts: [string, Cut][] = [
  ['no cut', {}],
  ['temperature 0.5', { temperature: 0.5 }],
  ['temperature 2', { temperature: 2 }],
  ['top-k 3', { topK: 3 }],
  ['top-k 1', { topK: 1 }],
  ['top-p 0.8', { topP: 0.8 }],
  ['top-p so small that one token is left', { topP: 1e-6 }],
  ['min-p 0.2', { minP: 0.2 }],
  ['all together', { temperature: 1.3, topK: 6, topP: 0.9, minP: 0.15 }],
];

test.each(cuts)('with %s, tokens are drawn as often as they are likely', (_, cut) => {
  const probabilities = expected(cut);
  const drawn = drawMany(cut);
  expectDistributed(drawn, probabilities);
  const wanted = drawn.tokens.map((token) => Math.log(probabilities[token]!));
  expect(drawn.logprobs).toBeAllClose(wanted, { rtol: 1e-5, atol: 1e-6 });
});

test.each(cuts)('with %s, the full distribution is the softmax at the temperature', (_, cut) => {
  const { temperature = 1 } = cut;
  const full = softmax(logits.map((logit) => logit / temperature)).map(Math.log);
  const drawn = drawMany({ ...cut, logprobDistribution: 'full' });
  expect(drawn.logprobs).toBeAllClose(
    drawn.tokens.map((token) => full[token]!),
    { rtol: 1e-5, atol: 1e-6 },
  );
});

test('the kept set lists what could be drawn, likeliest first', () => {
  const { keptTokens } = drawMany({ topK: 3 }, { of: [0, 5, 1, 4, 2] });
  expect(new Set(keptTokens!.map((ids) => ids.join()))).toEqual(new Set(['1,3,4']));
});

test('rows keep sets of different sizes', () => {
  const sampling = resolveSampling({ maxCompletionLength: 1, topP: 0.6 });
  // Softmax of the first row is about (1, 0, 0), of the second (1/3, 1/3, 1/3): two thirds pass 0.6.
  const { keptTokens } = draw(
    tensor([
      [20, 0, 0],
      [1, 1, 1],
    ]),
    sampling,
    new Generator(1),
  );
  expect(keptTokens!.map((ids) => ids.length)).toEqual([1, 2]);
});

test('nothing is listed where nothing is cut', () => {
  expect(drawMany({ temperature: 0.7 }).keptTokens).toBeUndefined();
});

test('temperature 0 takes the likeliest token and scores it at temperature 1', () => {
  const { tokens, logprobs } = drawMany({ temperature: 0 }, { of: [0, 3, 1] });
  expect(new Set(tokens)).toEqual(new Set([1]));
  const logProbability = 3 - Math.log(Math.exp(0) + Math.exp(3) + Math.exp(1));
  expect(logprobs[0]).toBeCloseTo(logProbability, 5);
});

test('a repetition penalty divides positive logits of seen tokens and multiplies negative ones', () => {
  // Penalty 2 on ids 0 and 3: 2 → 1, −1 → −2; Keskar et al. 2019, arXiv:1909.05858, with negative logits as transformers has them.
  const { tokens, logprobs } = drawMany(
    { repetitionPenalty: 2 },
    { of: [2, 1, 0.5, -1], seen: [0, 3, 3] },
  );
  const probabilities = softmax([1, 1, 0.5, -2]);
  expectDistributed({ tokens, logprobs, keptTokens: undefined }, probabilities);
  expect(logprobs).toBeAllClose(
    tokens.map((token) => Math.log(probabilities[token]!)),
    { rtol: 1e-5, atol: 1e-6 },
  );
});

test.each([{}, { topK: 3 }])(
  'under a repetition penalty the full distribution is the one without it (%o)',
  (cut) => {
    const { tokens, logprobs } = drawMany(
      { repetitionPenalty: 2, temperature: 0.5, logprobDistribution: 'full', ...cut },
      { of: [2, 1, 0.5, -1], seen: [0, 3] },
    );
    const full = softmax([4, 2, 1, -2]).map(Math.log);
    expect(logprobs).toBeAllClose(
      tokens.map((token) => full[token]!),
      { rtol: 1e-5, atol: 1e-6 },
    );
  },
);

test('a token of probability 0 is never drawn, wherever it stands', () => {
  const never = Number.NEGATIVE_INFINITY;
  const { tokens } = drawMany({}, { of: [never, 0, never, 0, never] });
  expect(new Set(tokens)).toEqual(new Set([1, 3]));
});

test('a seed decides the draws', () => {
  const sampling = resolveSampling({ maxCompletionLength: 1 });
  const rows = randn([64, 32], new Generator(1));
  const tokensOf = (seed: number) => draw(rows, sampling, new Generator(seed)).tokens;
  expect(tokensOf(3)).toEqual(tokensOf(3));
  expect(tokensOf(3)).not.toEqual(tokensOf(4));
});

test.each([
  [{ temperature: -1 }, /temperature: expected a number of at least 0, found -1/],
  [{ topK: 1.5 }, /top_k: expected a whole number of at least 0, found 1.5/],
  [{ topP: 0 }, /top_p: expected a number above 0 and at most 1, found 0/],
  [{ minP: 2 }, /min_p: expected null or a number from 0 to 1, found 2/],
  [{ repetitionPenalty: 0 }, /repetition_penalty: expected a number above 0, found 0/],
  [{ maxCompletionLength: 0 }, /max_completion_length: expected a whole number above 0, found 0/],
])('%o is refused by name', (options, message) => {
  expect(() => resolveSampling({ maxCompletionLength: 1, ...options })).toThrow(message);
});
