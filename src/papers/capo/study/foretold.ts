import type { Optimizer } from '../../../optim/index.ts';
import { tidy } from '../../../tensor/index.ts';
import { quantile } from '../../statistics/bootstrap.ts';
import { pearson, spearman } from '../../statistics/correlation.ts';
import type { SparseAdam } from '../sparse-adam.ts';
import { boundsOf } from './arms.ts';
import type { Distributions, MeasuredToken } from './measuring-filter.ts';

/** Bounds on a token's change of log-probability that rejection is taken apart at. */
export const examinedChanges = [0.003, 0.01, 0.03, 0.1, 0.3] as const;

/** Edges of the classes of sampled tokens by probability. */
const classes = [0, 0.1, 0.5, 0.9, 1] as const;

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);
/** Null where one of both is 0: no direction. */
const cosine = (a: readonly number[], b: readonly number[]): number | null => {
  const norms = Math.sqrt(dot(a, a) * dot(b, b));
  return norms > 0 ? dot(a, b) / norms : null;
};
const ratio = (a: readonly number[], b: readonly number[]): number | null =>
  dot(b, b) > 0 ? Math.sqrt(dot(a, a) / dot(b, b)) : null;
const share = <Item>(items: readonly Item[], holds: (item: Item) => boolean): number | null =>
  items.length === 0 ? null : items.filter(holds).length / items.length;

/** KL from before to after at every token, and the change of each token's objective A (ρ − 1). */
function realShifts(tokens: readonly MeasuredToken[], before: Distributions, after: Distributions) {
  return tokens.map(({ advantage }, n) => {
    const [old, now, a] = [before.logprobs[n]!, after.logprobs[n]!, before.sampled[n]!];
    const kl = old.reduce((sum, logprob, v) => sum + Math.exp(logprob) * (logprob - now[v]!), 0);
    const change = now[a]! - old[a]!;
    return { kl: Math.max(kl, 0), change, objective: advantage * Math.expm1(change) };
  });
}

export interface StepContents {
  readonly before: Distributions;
  readonly after: Distributions;
  readonly learningRate: number;
  readonly gradient: (accepted: readonly number[]) => number[];
}

const quantiles = (values: readonly number[]) =>
  Object.fromEntries([0.5, 0.9, 0.99, 0.999, 1].map((at) => [String(at), quantile(values, at)]));

/** What was foretold of one update beside what it did. */
export function describeStep(
  tokens: readonly MeasuredToken[],
  { before, after, gradient }: StepContents,
) {
  const real = realShifts(tokens, before, after);
  const pairs = (f: (token: MeasuredToken, n: number) => readonly [number, number]) =>
    tokens.map(f);
  const both = (list: readonly (readonly [number, number])[]) => ({
    pearson: pearson(list).r,
    spearman: spearman(list),
  });
  const full = gradient(tokens.map(() => 1));
  return {
    tokens: tokens.length,
    // The step of each token alone, on the head: what Taylor's expansion leaves out.
    ownPolicy: both(pairs((token) => [token.policy, token.exactPolicy])),
    ownObjective: both(pairs((token) => [token.objective, token.exactObjective])),
    // The update as it was made, of all tokens together.
    policy: both(pairs((token, n) => [token.policy, real[n]!.kl])),
    objective: both(pairs((token, n) => [token.objective, real[n]!.objective])),
    change: both(pairs((token, n) => [token.change, real[n]!.change])),
    changeScale: {
      foretold: quantiles(tokens.map(({ change }) => Math.abs(change))),
      real: quantiles(real.map(({ change }) => Math.abs(change))),
    },
    scale: {
      objective: quantiles(tokens.map(({ objective }) => Math.abs(objective))),
      policy: quantiles(tokens.map(({ policy }) => policy)),
      kl: quantiles(real.map(({ kl }) => kl)),
    },
    rejection: examinedChanges.map((change) =>
      describeRejection(tokens, change, { full, gradient }),
    ),
  };
}

const isKept = ({ objective, policy }: MeasuredToken, change: number): boolean => {
  const bounds = boundsOf(change);
  return Math.abs(objective) < bounds.objective && policy < bounds.policy;
};

/** Which tokens a bound leaves out, and what becomes of the gradient. */
function describeRejection(
  tokens: readonly MeasuredToken[],
  change: number,
  { full, gradient }: { full: readonly number[]; gradient: StepContents['gradient'] },
) {
  const kept = tokens.map((token) => Number(isKept(token, change)));
  const filtered = gradient(kept);
  const isLost = (token: MeasuredToken) => !isKept(token, change);
  const weight = (sign: 1 | -1, list: readonly MeasuredToken[]) =>
    list.reduce(
      (sum, { advantage, logprob }) => sum + Math.max(sign * advantage, 0) * -Math.expm1(logprob),
      0,
    );
  const positiveShare = (list: readonly MeasuredToken[]) => {
    const [up, down] = [weight(1, list), weight(-1, list)];
    return up + down === 0 ? null : up / (up + down);
  };
  return {
    change,
    rejected: share(tokens, isLost),
    positive: share(
      tokens.filter(({ advantage }) => advantage > 0),
      isLost,
    ),
    negative: share(
      tokens.filter(({ advantage }) => advantage < 0),
      isLost,
    ),
    zero: share(
      tokens.filter(({ advantage }) => advantage === 0),
      isLost,
    ),
    byProbability: classes.slice(1).map((high, i) => {
      const inClass = (token: MeasuredToken) =>
        Math.exp(token.logprob) > classes[i]! && Math.exp(token.logprob) <= high;
      const among = (sign: number) =>
        share(
          tokens.filter((token) => inClass(token) && Math.sign(token.advantage) === sign),
          isLost,
        );
      return { upTo: high, positive: among(1), negative: among(-1) };
    }),
    // Share of Σ |A| (1 − π(a)) that raises tokens.
    positiveWeight: {
      before: positiveShare(tokens),
      after: positiveShare(tokens.filter((_, n) => kept[n] === 1)),
    },
    gradient: {
      cosine: cosine(full, filtered),
      norm: ratio(filtered, full),
    },
  };
}

/** Cosine of m/√v of the head's rows between the sparse model, which ascends, and the optimiser itself, which descends. */
export function compareMoments(model: SparseAdam, optimizer: Optimizer) {
  return tidy(() => {
    const { ids, exp_avg: first, exp_avg_sq: second } = model.state();
    if (ids === undefined) return null;
    const { tensors } = optimizer.state();
    const rows = (key: string) => tensors.get(`${key}.lm_head.weight`)!.indexSelect(0, ids);
    const step = (m: typeof ids, v: typeof ids) => m.div(v.sqrt().add(1e-8)).toArray();
    const modelled = step(first!, second!);
    const real = step(rows('exp_avg').neg(), rows('exp_avg_sq'));
    return {
      cosine: cosine(modelled, real),
      ratio: ratio(modelled, real),
    };
  });
}

export type StepDescription = ReturnType<typeof describeStep>;
