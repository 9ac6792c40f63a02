import { assertSameShape, callTensors, noGrad, type Tensor, where } from '../tensor/index.ts';
import { entropyOfLogprobs } from './entropy.ts';
import { penalizeSeen, type SeenText, seenTokens } from './repetition-penalty.ts';

export interface TokenLogprobOptions {
  /** Logits are divided by it, as when sampling. */
  readonly temperature?: number;
  /**
   * Token ids that sampling could choose from, int64 [N, K], −1 where a row has fewer; the distribution is renormalised
   * over them. Left out, all of the vocabulary.
   */
  readonly keptTokens?: Tensor | undefined;
  /** A repetition penalty, replayed from the text before each token; left out, none. */
  readonly repetition?: (SeenText & { readonly penalty: number }) | undefined;
  /** Whether to compute the distribution's entropy, and whether gradient flows through it. */
  readonly entropy?: 'none' | 'detached' | 'differentiable';
  /** Whether to say for each token if the model finds it the most likely of all, or of the kept ones. */
  readonly compareArgmax?: boolean;
  /** Whether to report the mean logit over the vocabulary. */
  readonly meanLogits?: boolean;
  /** K: how many of the likeliest tokens to report, with their log-probabilities; left out, none. */
  readonly topTokens?: number | undefined;
}

/** Scores of N tokens, each [N]. */
export interface TokenScores {
  /** log π of the token, in nats; −∞ where it is not among the kept. Gradient flows. */
  readonly logprobs: Tensor;
  readonly entropy?: Tensor | undefined;
  /** bool. */
  readonly isArgmax?: Tensor | undefined;
  /** Mean over the vocabulary of the logits as the model gives them, without gradient. */
  readonly meanLogits?: Tensor | undefined;
  /** The K likeliest tokens, likeliest first, int64 [N, K]; −1 where fewer could be drawn. */
  readonly topIds?: Tensor | undefined;
  /** log π of each, in nats, without gradient [N, K]. */
  readonly topLogprobs?: Tensor | undefined;
}

/** Logit of a place where `keptTokens` has no token: probability 0, and finite, so that 0 · log 0 stays 0. */
const NEVER = -1e30;

const inFullPrecision = (logits: Tensor): Tensor =>
  logits.dtype === 'float64' ? logits : logits.to({ dtype: 'float32' });

function penalize(logits: Tensor, { repetition }: TokenLogprobOptions): Tensor {
  if (repetition === undefined) return logits;
  return penalizeSeen(logits, seenTokens(repetition, logits.shape[1]!), repetition.penalty);
}

/** Log-probabilities of the kept tokens [N, K], and which of them is the token [N, K]. */
function restrict(logits: Tensor, tokens: Tensor, keptTokens: Tensor): [Tensor, Tensor] {
  const kept = logits.gather(-1, keptTokens.clamp(0)).maskedFill(keptTokens.less(0), NEVER);
  return [kept.logSoftmax(-1), keptTokens.eq(tokens.unsqueeze(-1))];
}

function pick(
  logits: Tensor,
  tokens: Tensor,
  keptTokens: Tensor | undefined,
): [distribution: Tensor, logprobs: Tensor] {
  if (keptTokens === undefined) {
    const distribution = logits.logSoftmax(-1);
    return [distribution, distribution.gather(-1, tokens.unsqueeze(-1)).squeeze(-1)];
  }
  const [distribution, isToken] = restrict(logits, tokens, keptTokens);
  return [distribution, where(isToken, distribution, -Infinity).max(-1)];
}

/** The token of the highest logit, or of the kept ones of the highest probability [N]. */
function likeliestOf(logits: Tensor, distribution: Tensor, keptTokens: Tensor | undefined): Tensor {
  if (keptTokens === undefined) return logits.argmax(-1);
  return keptTokens.gather(-1, distribution.argmax(-1, { keepDim: true })).squeeze(-1);
}

/** The likeliest tokens of a distribution [N, V], or of one over kept tokens [N, K']. */
function topOf(distribution: Tensor, count: number, keptTokens: Tensor | undefined) {
  const most = Math.min(count, distribution.shape[1]!);
  const [topLogprobs, places] = callTensors('laurel::top_k_rows', distribution, most) as [
    Tensor,
    Tensor,
  ];
  return { topLogprobs, topIds: keptTokens === undefined ? places : keptTokens.gather(-1, places) };
}

/**
 * Log-probabilities of the tokens [N] under softmax(logits / temperature), logits [N, V], in float32 or better.
 * @throws ShapeError when tokens and logits differ in N.
 */
export function tokenLogprobs(
  logits: Tensor,
  tokens: Tensor,
  options: TokenLogprobOptions = {},
): TokenScores {
  const { temperature = 1, keptTokens, entropy = 'none', compareArgmax = false } = options;
  const { topTokens } = options;
  assertSameShape('tokenLogprobs', { tokens, 'logits without V': logits.detach().select(-1, 0) });
  const precise = penalize(inFullPrecision(logits), options);
  const tempered = temperature === 1 ? precise : precise.div(temperature);
  const [distribution, logprobs] = pick(tempered, tokens, keptTokens);
  return {
    logprobs,
    ...(entropy === 'differentiable' && { entropy: entropyOfLogprobs(distribution) }),
    ...(entropy === 'detached' && { entropy: noGrad(() => entropyOfLogprobs(distribution)) }),
    ...(compareArgmax && {
      isArgmax: noGrad(() => likeliestOf(logits, distribution, keptTokens).eq(tokens)),
    }),
    ...(options.meanLogits && { meanLogits: noGrad(() => inFullPrecision(logits).mean(-1)) }),
    ...(topTokens !== undefined &&
      noGrad(() => topOf(distribution.detach(), topTokens, keptTokens))),
  };
}
