import { penalizeSeen } from '../losses/index.ts';
import { arange, callTensors, type Generator, rand, type Tensor } from '../tensor/index.ts';
import { cutsVocabulary, type ResolvedSampling } from './sampling-options.ts';

/** One token per row, as it was drawn. */
export interface Draw {
  readonly tokens: number[];
  /** log π of each under the distribution named by `logprobDistribution`, in nats. */
  readonly logprobs: number[];
  /** The ids each was drawn from, likeliest first; absent where nothing was cut. */
  readonly keptTokens: Int32Array[] | undefined;
}

/** Largest float32 below 1: keeps a uniform number times a sum strictly below the sum. */
const BELOW_ONE = 1 - 2 ** -24;

/**
 * Inverse transform sampling: the first token whose cumulative probability exceeds a uniform number, so a token
 * of probability 0 is never drawn. One uniform number per row.
 * @returns [R, 1], int64.
 */
function drawFrom(probabilities: Tensor, generator: Generator): Tensor {
  const cumulative = probabilities.to({ dtype: 'float64' }).cumsum(-1);
  const uniform = rand([probabilities.shape[0]!, 1], generator, { dtype: 'float64' });
  const threshold = uniform.to({ device: probabilities.device }).mul(cumulative.slice(1, -1));
  return cumulative.lessEqual(threshold.mul(BELOW_ONE)).sum(-1, { keepDim: true });
}

const NEVER = Number.NEGATIVE_INFINITY;

/** Tokens left after top-k, then top-p, then min-p on what remains, over logits sorted likeliest first. [R, V], bool. */
function keptPositions(sorted: Tensor, { topK, topP, minP }: ResolvedSampling): Tensor {
  const width = sorted.shape[1]!;
  const last = topK > 0 ? Math.min(topK, width) - 1 : width - 1;
  // Tokens as likely as the k-th stay, as in transformers.
  let kept = sorted.greaterEqual(sorted.slice(1, last, last + 1));
  if (topP < 1) {
    const probabilities = sorted.maskedFill(kept.logicalNot(), NEVER).softmax(-1);
    const before = probabilities.cumsum(-1).sub(probabilities);
    kept = kept.logicalAnd(before.less(topP));
  }
  if (minP !== null && minP > 0) {
    const probabilities = sorted.maskedFill(kept.logicalNot(), NEVER).softmax(-1);
    kept = kept.logicalAnd(probabilities.greaterEqual(probabilities.slice(1, 0, 1).mul(minP)));
  }
  // The likeliest token always stays, whatever rounding makes of its own bounds.
  return kept.logicalOr(arange(0, width, { device: sorted.device }).less(1).expand(sorted.shape));
}

function listKept(order: Tensor, kept: Tensor): Int32Array[] {
  const counts = kept.sum(-1).toArray();
  const widest = counts.reduce((most, count) => Math.max(most, count), 0);
  const ids = order.slice(1, 0, widest).to({ dtype: 'int32' }).toTypedArray() as Int32Array;
  return counts.map((count, row) => ids.subarray(row * widest, row * widest + count));
}

function drawCut(logits: Tensor, sampling: ResolvedSampling, generator: Generator): Drawn {
  const [sorted, order] = logits.sort(-1, { descending: true });
  const kept = keptPositions(sorted, sampling);
  const cutLogprobs = sorted.maskedFill(kept.logicalNot(), NEVER).logSoftmax(-1);
  const position = drawFrom(cutLogprobs.exp(), generator);
  return {
    tokens: order.gather(1, position),
    logprobs: cutLogprobs.gather(1, position),
    keptTokens: listKept(order, kept),
  };
}

/** Drawn tokens [R, 1] with their log-probabilities [R, 1] under the distribution they were drawn from. */
interface Drawn {
  readonly tokens: Tensor;
  readonly logprobs: Tensor;
  readonly keptTokens?: Int32Array[];
}

/** Softmax, `drawFrom` and the tokens' log-probabilities by a single operator. */
function drawFused(logits: Tensor, generator: Generator): Drawn {
  const uniform = rand([logits.shape[0]!, 1], generator, { dtype: 'float64' });
  const [tokens, logprobs] = callTensors('laurel::draw_tokens', logits, uniform, 1);
  return { tokens: tokens!, logprobs: logprobs! };
}

function drawSampled(logits: Tensor, sampling: ResolvedSampling, generator: Generator): Drawn {
  if (sampling.temperature > 0 && cutsVocabulary(sampling))
    return drawCut(logits, sampling, generator);
  const { temperature } = sampling;
  if (temperature > 0 && logits.dtype === 'float32' && logits.device === 'cpu')
    return drawFused(logits, generator);
  const logprobs = logits.logSoftmax(-1);
  const tokens =
    temperature === 0 ? logits.argmax(-1, { keepDim: true }) : drawFrom(logprobs.exp(), generator);
  return { tokens, logprobs: logprobs.gather(1, tokens) };
}

/**
 * Draws one token per row of logits [R, V].
 * `seen` marks the tokens that the repetition penalty makes less likely. [R, V], bool.
 * Temperature 0 takes the likeliest token and reports its log-probability at temperature 1.
 */
export function draw(
  logits: Tensor,
  sampling: ResolvedSampling,
  generator: Generator,
  seen?: Tensor,
): Draw {
  const { temperature, repetitionPenalty, logprobDistribution } = sampling;
  const wide = logits.dtype === 'float64' ? logits : logits.to({ dtype: 'float32' });
  const atTemperature = (values: Tensor) =>
    temperature === 0 || temperature === 1 ? values : values.div(temperature);
  const penalized = seen === undefined ? wide : penalizeSeen(wide, seen, repetitionPenalty);
  const drawn = drawSampled(atTemperature(penalized), sampling, generator);
  const { tokens, keptTokens } = drawn;
  const isFull = seen === undefined && keptTokens === undefined;
  const logprobs =
    logprobDistribution === 'sampled' || isFull
      ? drawn.logprobs
      : atTemperature(wide).logSoftmax(-1).gather(1, tokens);
  return { tokens: tokens.toArray(), logprobs: logprobs.toArray(), keptTokens };
}
