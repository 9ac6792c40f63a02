// Gradients of a loss of log-probabilities, without all logits. Omits second derivatives.
import {
  callInPlace,
  cat,
  enableGrad,
  grad,
  linear,
  noGrad,
  type Tensor,
  tidy,
  zeros,
} from '../tensor/index.ts';
import {
  type ChunkOptions,
  checkShapes,
  chunkedLogprobs,
  chunkSizes,
  forEachRange,
  type Range,
  rowsOf,
  type Scored,
  scoreLogits,
  targetsOf,
} from './chunked-logprobs.ts';
import { keptLogprobs, needsKeptOnly } from './kept-logprobs.ts';
import { type TokenScores, tokenLogprobs } from './token-logprobs.ts';

/** ∂loss/∂score for each score, [N]; null where the loss does not use it. */
interface ScoreGradients {
  readonly logprobs: Tensor | null;
  readonly entropy: Tensor | null;
}

/** ⟨scores, ∂loss/∂scores⟩ of some rows: its gradient is the loss's. */
function objectiveOf(scores: TokenScores, gradients: ScoreGradients, range: Range): Tensor {
  const terms = (['logprobs', 'entropy'] as const).flatMap((key) => {
    const [score, gradient] = [scores[key], gradients[key]];
    return score === undefined || gradient === null
      ? []
      : [score.mul(rowsOf(gradient, range)).sum()];
  });
  return terms.reduce((sum, term) => sum.add(term));
}

/** Puts ∂loss/∂logits in place of a chunk's logits [n, V], block by block. */
function differentiate(
  logits: Tensor,
  scored: Scored,
  options: ChunkOptions,
  gradients: ScoreGradients,
  chunk: Range,
): void {
  const { block } = chunkSizes(logits.shape[1] as number, options);
  const needed = {
    ...options,
    entropy: gradients.entropy === null ? 'none' : 'differentiable',
    compareArgmax: false,
    meanLogits: false,
    topTokens: undefined,
  } as const;
  forEachRange(chunk.length, block, ({ start, length }) => {
    const place = { start: chunk.start + start, length };
    const rows = rowsOf(logits, { start, length });
    const leaf = rows.detach().requireGrad();
    const objective = enableGrad(() => {
      const scores = tokenLogprobs(leaf, ...targetsOf(scored, needed, place));
      return objectiveOf(scores, gradients, place);
    });
    rows.copy_(grad(objective, [leaf])[0] as Tensor);
  });
}

const isHalf = ({ dtype }: Tensor): boolean => dtype === 'bfloat16' || dtype === 'float16';

/** Whether the head's gradient is added up in its own `grad`; in half precision small chunks would be lost there. */
const sumsInPlace = (head: Tensor): boolean => head.isLeaf && !isHalf(head);

/** Where the head's gradient is added up, in float32 or better. [V, C] */
function headSumOf(head: Tensor): Tensor {
  const dtype = isHalf(head) ? 'float32' : head.dtype;
  const blank = () => zeros(head.shape, { dtype, device: head.device });
  if (!sumsInPlace(head)) return blank();
  head.grad ??= blank();
  return head.grad as Tensor;
}

/** sum ← sum + gᵀ h, for ∂loss/∂logits g [n, V] and states h [n, C]. */
function addProduct(sum: Tensor, gradient: Tensor, states: Tensor): void {
  const [turned, isMixed] = [gradient.transpose(0, 1), sum.dtype !== gradient.dtype];
  if (isMixed) sum.add_(turned.matmul(states));
  else callInPlace('aten::addmm_', sum, turned, states);
}

interface Backward {
  readonly scored: Scored;
  readonly options: ChunkOptions;
  readonly gradients: ScoreGradients;
  /** Logits of all tokens where they fit into one chunk; they are overwritten. */
  readonly allLogits: Tensor | undefined;
}

/** Sends ∂loss/∂score back to the head, chunk by chunk. @returns ∂loss/∂hidden, [N, C]. */
function backwardChunks({ scored, options, gradients, allLogits }: Backward): Tensor {
  const { hidden, head, tokens } = scored;
  const { chunk } = chunkSizes(head.shape[0] as number, options);
  const headSum = head.requiresGrad ? headSumOf(head) : undefined;
  const parts = forEachRange(tokens.size, chunk, (range) => {
    const states = rowsOf(hidden, range);
    const logits = allLogits ?? linear(states, head);
    differentiate(logits, scored, options, gradients, range);
    if (headSum !== undefined) addProduct(headSum, logits, states);
    return hidden.requiresGrad ? logits.matmul(head) : logits.narrow(1, 0, 0);
  });
  if (headSum !== undefined && !sumsInPlace(head)) {
    head.backward({ gradient: headSum.to({ dtype: head.dtype }), keepGraph: true });
  }
  return cat(parts);
}

/** Asks for the loss of scores; its gradients go back through them by autograd. */
function direct<Result extends { readonly loss: Tensor }>(
  scores: TokenScores,
  lossOf: (scores: TokenScores) => Result,
): Result {
  const result = lossOf(scores);
  result.loss.backward();
  return { ...result, loss: result.loss.detach() };
}

/** Scores as leaves that the loss is differentiated by. */
function leavesOf(scores: TokenScores, { entropy }: ChunkOptions): TokenScores {
  scores.logprobs.requireGrad();
  if (entropy === 'differentiable') scores.entropy?.requireGrad();
  return scores;
}

/** ∂loss/∂score, and what the loss said. */
function differentiateLoss<Result extends { readonly loss: Tensor }>(
  scores: TokenScores,
  options: ChunkOptions,
  lossOf: (scores: TokenScores) => Result,
): { result: Result; gradients: ScoreGradients } {
  const leaves = leavesOf(scores, options);
  const result = lossOf(leaves);
  const usesEntropy = options.entropy === 'differentiable';
  const inputs = [leaves.logprobs, ...(usesEntropy ? [leaves.entropy as Tensor] : [])];
  const [logprobs = null, entropy = null] = grad(result.loss, inputs);
  return { result, gradients: { logprobs, entropy } };
}

/**
 * Computes a loss of the tokens' log-probabilities and its gradients, without ever holding all logits: scores the
 * tokens chunk by chunk without gradient, asks `lossOf` for the loss, then makes each chunk's logits again, turns them
 * in place into ∂loss/∂logits and multiplies those into the gradients of head and hidden states. Equals the direct
 * computation, for a second pass through the head; where all logits fit into one chunk they are kept and not made
 * again, and where they fit into one block it is the direct computation. Where only logits of few kept tokens are
 * needed, no others are made.
 * - Gradients end up in `grad` of every leaf behind `hidden` and `head`.
 * @returns what `lossOf` returned, its loss detached.
 * @throws ShapeError
 */
export function withChunkedLogprobs<Result extends { readonly loss: Tensor }>(
  hidden: Tensor,
  head: Tensor,
  tokens: Tensor,
  options: ChunkOptions,
  lossOf: (scores: TokenScores) => Result,
): Result {
  const scored = { hidden, head, tokens };
  checkShapes(scored);
  return tidy(() => {
    const { chunk, block } = chunkSizes(head.shape[0] as number, options);
    if (needsKeptOnly(scored, options)) return direct(keptLogprobs(scored, options), lossOf);
    if (tokens.size <= block)
      return direct(tokenLogprobs(linear(hidden, head), tokens, options), lossOf);
    const whole = { start: 0, length: tokens.size };
    const allLogits = tokens.size <= chunk ? noGrad(() => linear(hidden, head)) : undefined;
    const scores =
      allLogits === undefined
        ? chunkedLogprobs(hidden, head, tokens, options)
        : noGrad(() => scoreLogits(allLogits, scored, options, whole));
    const { result, gradients } = differentiateLoss(scores, options, lossOf);
    if (gradients.logprobs !== null || gradients.entropy !== null) {
      const parts = { scored, options, gradients, allLogits };
      const gradient = noGrad(() => backwardChunks(parts));
      if (hidden.requiresGrad) hidden.backward({ gradient });
    }
    return { ...result, loss: result.loss.detach() };
  });
}
