import { expect, test } from 'vitest';
import { tinyPolicy } from '../../test/support/tiny-policy.ts';
import { keptTokensOf, microBatches, type TrainSequence } from '../batches/index.ts';
import { presets } from '../losses/index.ts';
import { parameters } from '../models/index.ts';
import { adamW, decayGroups, sgd } from '../optim/index.ts';
import { keep, Tensor, tensor } from '../tensor/index.ts';
import {
  type BatchLoss,
  headOf,
  type OfferedTokens,
  scoreSequences,
  type TokenFilter,
  type TokenFilterNeeds,
  update,
} from './index.ts';

const small = { hiddenSize: 8, intermediateSize: 12, numHiddenLayers: 1, numAttentionHeads: 2 };
const newPolicy = () => tinyPolicy({ ...small, numKeyValueHeads: 1 }, { dtype: 'float64' });

/** Token ids of a rejected token are even, so that one is told from another without its place. */
const isKept = (token: number): boolean => token % 2 === 1;

const sequences: TrainSequence[] = [5, 1, 3, 6, 2, 4].map((length, row) => ({
  tokens: Array.from({ length: 2 + length }, (_, t) => (row * 5 + t * 3) % 16),
  promptLength: 2,
  completionMask: Array<number>(length).fill(1),
  oldLogprobs: Array.from({ length }, (_, t) => -2.5 + (t % 3) * 0.2),
  advantages: Array<number>(length).fill(row % 2 === 0 ? 1 : -0.7),
}));

const withoutRejected = sequences.map((sequence) => ({
  ...sequence,
  completionMask: sequence.completionMask.map((_, t) =>
    Number(isKept(sequence.tokens[sequence.promptLength + t]!)),
  ),
}));

/** What filters were offered: copies, since an update frees what it made. */
const seen: OfferedTokens[] = [];

const copied = (offered: OfferedTokens): OfferedTokens => {
  const entries = Object.entries(offered).map(([name, value]) => [
    name,
    value instanceof Tensor ? keep(value.clone()) : value,
  ]);
  return Object.fromEntries(entries);
};

const oddTokens = (
  needs: TokenFilterNeeds = {},
  changes: Partial<TokenFilter> = {},
): TokenFilter => ({
  needs,
  accept(offered) {
    seen.push(copied(offered));
    const kept = offered.tokens.toArray().map((token) => Number(isKept(token)));
    return tensor(kept, { dtype: 'float64' });
  },
  endStep: () => ({ 'token_filter/rejected': 0.5 }),
  cancelStep() {},
  state: () => ({}),
  load() {},
  ...changes,
});

const lossOf =
  (preset: ReturnType<typeof presets.grpo>): BatchLoss =>
  (scores, { completionMask, oldLogprobs, advantages }, totals) =>
    preset.loss({ ...scores, completionMask, oldLogprobs, advantages: advantages! }, totals);

/** Weights after one step of SGD, whose change is the gradient. */
async function stepped(
  rows: readonly TrainSequence[],
  size: number,
  preset: ReturnType<typeof presets.grpo>,
  tokenFilter?: TokenFilter,
) {
  const policy = newPolicy();
  const optimizer = sgd(decayGroups(parameters(policy.model), 0));
  const result = await update({ policy, optimizer, maxGradNorm: 0 }, microBatches(rows, size), {
    temperature: 1,
    logprobDistribution: 'full',
    loss: lossOf(preset),
    learningRate: 0.1,
    tokenFilter,
    dividesByTokens: preset.dividesByTokens,
  });
  return { result, weights: [...parameters(policy.model).values()].flatMap((p) => p.toArray()) };
}

const expectSame = (found: readonly number[], expected: readonly number[]) => {
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i]!, 12);
};

test.each([
  ['grpo', presets.grpo()],
  ['dapo', presets.dapo()],
  ['bnpo', presets.bnpo()],
  ['dr_grpo', presets.dr_grpo({ maxCompletionTokens: 6 })],
  ['reinforce', presets.reinforce()],
] as const)(
  'under %s rejected tokens leave numerator and denominator, however the batch is split',
  async (_, preset) => {
    const expected = await stepped(withoutRejected, 6, preset);
    for (const size of [6, 2, 1]) {
      const { weights, result } = await stepped(sequences, size, preset, oddTokens());
      expectSame(weights, expected.weights);
      expect(result.loss).toBeCloseTo(expected.result.loss, 12);
      expect(result.filterMetrics).toEqual({ 'token_filter/rejected': 0.5 });
    }
  },
);

test('an update that the filter keeps nothing of leaves the weights', async () => {
  const { weights } = await stepped(
    sequences,
    2,
    presets.grpo(),
    oddTokens({}, { keepsUpdate: () => false }),
  );
  expectSame(
    weights,
    [...parameters(newPolicy().model).values()].flatMap((p) => p.toArray()),
  );
});

test('a step that fails is cancelled, not ended', async () => {
  const said: string[] = [];
  const filter = oddTokens(
    {},
    {
      cancelStep: () => said.push('cancel'),
      endStep() {
        said.push('end');
        return {};
      },
    },
  );
  const broken = sequences.map((row) => ({
    ...row,
    advantages: row.advantages!.map(() => Number.NaN),
  }));
  const { result } = await stepped(broken, 6, presets.grpo(), filter);
  expect(result.nonFinite).toMatch(/the loss of micro-batch 0 is NaN/);
  expect(said).toEqual(['cancel']);
});

test('a filter sees what it asks for: hidden states and top tokens that make the log-probabilities', async () => {
  seen.length = 0;
  const policy = newPolicy();
  await stepped(sequences, 6, presets.grpo(), oddTokens({ hiddenStates: true, topTokens: 4 }));
  const [{ hiddenStates, topIds, topLogprobs, tokens, logprobs, sequences: rows }] = seen as [
    OfferedTokens & { hiddenStates: Tensor; topIds: Tensor; topLogprobs: Tensor },
  ];
  const distribution = hiddenStates.matmul(headOf(policy.model).transpose(0, 1)).logSoftmax(-1);
  const [values, ids] = distribution.topk(4);
  expect(topIds.toArray()).toEqual(ids.toArray());
  expectSame(topLogprobs.toArray(), values.toArray());
  expectSame(
    logprobs.toArray(),
    distribution.gather(-1, tokens.unsqueeze(-1)).squeeze(-1).toArray(),
  );
  expect(rows.toArray()).toEqual(
    sequences.flatMap(({ completionMask }, row) => completionMask.map(() => row)),
  );
  const alone = scoreSequences(policy.model, sequences, {
    temperature: 1,
    logprobDistribution: 'full',
    padTokenId: 16,
    batchSize: 1,
  });
  expectSame(
    logprobs.toArray(),
    alone.flatMap(({ logprobs: each }) => each),
  );
});

test('of kept sets the top tokens are those that could be drawn, −1 where fewer could', async () => {
  seen.length = 0;
  const policy = newPolicy();
  const kept = sequences.map((sequence) => {
    const drawn = sequence.tokens.slice(sequence.promptLength);
    const sets = drawn.map((token, t) => (t === 0 ? [token] : [token, (token + 1) % 16]));
    return { ...sequence, keptTokens: keptTokensOf(sets) };
  });
  await update(
    { policy, optimizer: sgd(decayGroups(parameters(policy.model), 0)), maxGradNorm: 0 },
    [kept],
    {
      temperature: 1,
      logprobDistribution: 'sampled',
      loss: lossOf(presets.grpo()),
      learningRate: 0.1,
      tokenFilter: oddTokens({ topTokens: 5 }),
    },
  );
  const [{ topIds, topLogprobs, tokens }] = seen as [
    OfferedTokens & { topIds: Tensor; topLogprobs: Tensor },
  ];
  expect(topIds.shape).toEqual([tokens.size, 2]);
  const [ids, probabilities] = [topIds, topLogprobs.exp()].map((x) => x.toArray());
  for (const [n, token] of tokens.toArray().entries()) {
    expect(ids!.slice(2 * n, 2 * n + 2)).toContain(token);
    expect(probabilities![2 * n]! + probabilities![2 * n + 1]!).toBeCloseTo(1, 12);
  }
  expect(ids!.filter((id) => id === -1)).toHaveLength(sequences.length);
});

test('the head’s moments are the optimiser’s own', async () => {
  seen.length = 0;
  const policy = newPolicy();
  const learner = {
    policy,
    optimizer: adamW(decayGroups(parameters(policy.model), 0)),
    maxGradNorm: 0,
  };
  const options = {
    temperature: 1,
    logprobDistribution: 'full',
    loss: lossOf(presets.grpo()),
    learningRate: 0.1,
    tokenFilter: oddTokens({ headMoments: true }),
  } as const;
  await update(learner, [sequences], options);
  const { headMoments } = seen[0]!;
  expect(headMoments!.first.shape).toEqual(headOf(policy.model).shape);
  await update(learner, [sequences], options);
  expect(seen[1]!.headMoments!.step).toBe(1);
  expect(seen[1]!.headMoments!.first.abs().max().item()).toBeGreaterThan(0);
});
