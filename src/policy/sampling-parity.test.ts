import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chiSquareSurvival, chiSquareTest } from '../../test/support/chi-square.ts';
import { keptSet, keptTokensOf } from '../batches/index.ts';
import { Generator, setThreadCount, tensor } from '../tensor/index.ts';
import { charTokenizer } from '../tokenizers/index.ts';
import { draw } from './draw.ts';
import { Policy, resolveSampling, type SamplingOptions } from './index.ts';

setThreadCount(1);

const folder = join(import.meta.dirname, '../../test/golden/sampling');

/** Tokens that transformers keeps, likeliest first, and their log-probabilities. */
interface Table {
  kept: number[];
  logprobs: number[];
}

interface Golden {
  prompt: number[];
  settings: {
    setting: Record<string, number>;
    processors: string[];
    first: Table;
    second: Table[];
  }[];
  ties: { logits: number[]; cases: { top_k: number; kept: number[] }[] };
}

const golden = JSON.parse(readFileSync(join(folder, 'distributions.json'), 'utf8')) as Golden;
const tokenizer = charTokenizer('abcdefgh');
const policy = Policy.load(join(folder, 'model'), { dtype: 'float64', tokenizer });
const prompt = tokenizer.decode(golden.prompt);
const { vocabSize, eosTokenId } = tokenizer;
const draws = 20_000;
/** transformers' norm and rotary embedding compute in float32 whatever the weights are. */
const float32Parts = 5e-6;

const optionsOf = (setting: Record<string, number>): SamplingOptions => ({
  maxCompletionLength: 2,
  temperature: setting['temperature'] ?? 1,
  topK: setting['top_k'] ?? 0,
  topP: setting['top_p'] ?? 1,
  minP: setting['min_p'] ?? null,
  repetitionPenalty: setting['repetition_penalty'] ?? 1,
});

const cases = golden.settings.map((entry) => [JSON.stringify(entry.setting), entry] as const);
type Entry = Golden['settings'][number];

const sample = (entry: Entry) =>
  policy.sample(prompt, { ...optionsOf(entry.setting), count: draws, seed: 17 });

/** Every completion of at most two tokens that a setting can draw, with the sets its tokens are drawn from. */
const possible = ({ first, second }: Entry) =>
  first.kept.flatMap((v) => {
    const next = second[v]!.kept;
    return v === eosTokenId
      ? [{ tokens: [v], keptTokens: keptTokensOf([first.kept]) }]
      : next.map((w) => ({ tokens: [v, w], keptTokens: keptTokensOf([first.kept, next]) }));
  });

const cuts = ({ first }: Entry) => first.kept.length < vocabSize;

/** Probability of each possible completion, by the path that training scores with. */
function scored(entry: Entry, options: SamplingOptions = optionsOf(entry.setting)): number[] {
  const completions = possible(entry).map(({ tokens, keptTokens }) =>
    cuts(entry) ? { tokens, keptTokens } : { tokens },
  );
  const logprobs = policy.score(prompt, completions, options);
  return logprobs.map((row) => Math.exp(row.reduce((sum, logprob) => sum + logprob, 0)));
}

const logprobIn = ({ kept, logprobs }: Table, token: number) => logprobs[kept.indexOf(token)]!;

test.each(cases)('with %s, scoring gives the log-probabilities of transformers', (_, entry) => {
  const { first, second, setting } = entry;
  const completions = possible(entry).map(({ tokens, keptTokens }) =>
    cuts(entry) ? { tokens, keptTokens } : { tokens },
  );
  const rows = policy.score(prompt, completions, optionsOf(setting));
  for (const [i, { tokens }] of completions.entries()) {
    const [v, w] = tokens as [number, number | undefined];
    const after = w === undefined ? [] : [logprobIn(second[v]!, w)];
    expect(rows[i]!).toBeAllClose([logprobIn(first, v), ...after], { rtol: 0, atol: float32Parts });
  }
});

test.each(cases)(
  'with %s, sampling keeps the tokens that transformers keeps, and reports its log-probabilities',
  async (_, entry) => {
    const { first, second, setting } = entry;
    const options = { ...optionsOf(setting), count: 200, seed: 4 };
    for (const { tokens, logprobs, keptTokens } of await policy.sample(prompt, options)) {
      const tables = [first, second[tokens[0]!]!].slice(0, tokens.length);
      const expected = tables.map((table, t) => logprobIn(table, tokens[t]!));
      expect(logprobs).toBeAllClose(expected, { rtol: 0, atol: float32Parts });
      if (keptTokens === undefined) expect(cuts(entry)).toBe(false);
      else
        for (const [t, { kept }] of tables.entries())
          expect([...keptSet(keptTokens, t)]).toEqual(kept);
    }
  },
);

test('transformers applies penalty, temperature, top-k, top-p and min-p in this order', () => {
  const order = [
    'RepetitionPenaltyLogitsProcessor',
    'TemperatureLogitsWarper',
    'TopKLogitsWarper',
    'TopPLogitsWarper',
    'MinPLogitsWarper',
  ];
  for (const { processors } of golden.settings) {
    const places = processors.map((name) => order.indexOf(name));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
  }
});

test('tokens as likely as the k-th are kept, as transformers keeps them', () => {
  for (const { top_k: topK, kept } of golden.ties.cases) {
    const sampling = resolveSampling({ maxCompletionLength: 1, topK });
    const { keptTokens } = draw(tensor([golden.ties.logits]), sampling, new Generator(1));
    expect([...keptTokens![0]!].sort((a, b) => a - b)).toEqual(kept);
  }
});

const counted = new Map<Entry, Promise<number[]>>();

/** How often each possible completion was drawn; those that should be impossible make the last count. */
function countDraws(entry: Entry): Promise<number[]> {
  const counting = counted.get(entry) ?? count(entry);
  counted.set(entry, counting);
  return counting;
}

async function count(entry: Entry): Promise<number[]> {
  const index = new Map(possible(entry).map(({ tokens }, i) => [tokens.join(), i]));
  const counts = Array<number>(index.size + 1).fill(0);
  for (const { tokens } of await sample(entry))
    counts[index.get(tokens.join()) ?? index.size]! += 1;
  return counts;
}

test.each(cases)(
  'with %s, 20,000 completions are drawn as often as they are scored, and χ² would tell another distribution',
  async (_, entry) => {
    const probabilities = scored(entry);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 8);
    const counts = await countDraws(entry);
    expect(counts.at(-1)).toBe(0);
    const observed = counts.slice(0, -1);
    // Seeds are fixed: this either holds always or never. It would fail for 1 in 1,000 seeds of a true sampler.
    const { pValue, degrees } = chiSquareTest(observed, probabilities);
    expect(degrees).toBeGreaterThan(10);
    expect(pValue).toBeGreaterThan(1e-3);
    const options = optionsOf(entry.setting);
    const warmer = scored(entry, { ...options, temperature: 1.1 * options.temperature! });
    expect(chiSquareTest(observed, warmer).pValue).toBeLessThan(1e-6);
  },
);

test('χ² rejects draws under each setting as draws under the one before it', async () => {
  const uncut = golden.settings.filter((entry) => !cuts(entry));
  for (const [i, entry] of uncut.entries()) {
    const other = uncut.at(i - 1)!;
    const counts = (await countDraws(entry)).slice(0, -1);
    const order = possible(entry).map(({ tokens }) => tokens.join());
    const probabilities = scored(other);
    const others = new Map(
      possible(other).map(({ tokens }, j) => [tokens.join(), probabilities[j]!]),
    );
    const wrong = order.map((key) => others.get(key)!);
    expect(chiSquareTest(counts, wrong).pValue).toBeLessThan(1e-6);
  }
});

test.each([
  // Abramowitz and Stegun, table 26.8: upper points of χ².
  [3.84146, 1, 0.05],
  [10.828, 1, 0.001],
  [2.70554, 1, 0.1],
  [18.307, 10, 0.05],
  [29.588, 10, 0.001],
  [4.8652, 10, 0.9],
  [124.342, 100, 0.05],
  [149.449, 100, 0.001],
  [82.3581, 100, 0.9],
])('χ² above %f with %i degrees of freedom has probability %f', (x, degrees, p) => {
  expect(Math.abs(chiSquareSurvival(x, degrees) / p - 1)).toBeLessThan(5e-4);
});
