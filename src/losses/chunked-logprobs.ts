import { ShapeError } from '../errors.ts';
import { cat, enableGrad, grad, linear, noGrad, type Tensor, tidy } from '../tensor/index.ts';
import { type TokenLogprobOptions, type TokenScores, tokenLogprobs } from './token-logprobs.ts';

export interface ChunkOptions extends TokenLogprobOptions {
  /** Tokens whose logits exist at one time; by default as many as keep them under 2²⁴ numbers. */
  readonly chunkTokens?: number;
}

/** Logits that may exist at one time, by default. */
const LOGITS_AT_ONCE = 2 ** 24;

/** What is scored: hidden states [N, C] times the head [V, C], at the tokens [N]. */
interface Scored {
  hidden: Tensor;
  head: Tensor;
  tokens: Tensor;
}

function checkShapes({ hidden, head, tokens }: Scored): void {
  const [n, width] = hidden.shape;
  if (hidden.rank === 2 && tokens.rank === 1 && tokens.shape[0] === n && head.shape[1] === width) {
    return;
  }
  const found = [hidden, head, tokens].map(({ shape }) => `[${shape.join(', ')}]`);
  throw new ShapeError(
    `chunkedLogprobs: expected hidden [N, C], head [V, C], tokens [N]; found ${found.join(', ')}`,
  );
}

function chunkSize({ head }: Scored, { chunkTokens }: ChunkOptions): number {
  return Math.max(1, chunkTokens ?? Math.floor(LOGITS_AT_ONCE / (head.shape[0] as number)));
}

type Chunk = Scored & { start: number; length: number; options: TokenLogprobOptions };

/** Rows start … start + length of what is scored. */
function chunkAt(scored: Scored, start: number, length: number, options: ChunkOptions): Chunk {
  const rows = (tensor: Tensor) => tensor.narrow(0, start, length);
  const { keptTokens } = options;
  return {
    start,
    length,
    hidden: rows(scored.hidden),
    head: scored.head,
    tokens: rows(scored.tokens),
    options: keptTokens === undefined ? options : { ...options, keptTokens: rows(keptTokens) },
  };
}

function forEachChunk<Result>(
  scored: Scored,
  options: ChunkOptions,
  work: (chunk: Chunk) => Result,
): Result[] {
  const total = scored.tokens.size;
  const size = chunkSize(scored, options);
  const results: Result[] = [];
  for (let start = 0; start < total; start += size) {
    const length = Math.min(size, total - start);
    results.push(tidy(() => work(chunkAt(scored, start, length, options))));
  }
  return results;
}

const scoreChunk = ({ hidden, head, tokens, options }: Chunk): TokenScores =>
  tokenLogprobs(linear(hidden, head), tokens, options);

function join(parts: readonly TokenScores[]): TokenScores {
  const joined = (key: keyof TokenScores) =>
    parts[0]?.[key] && cat(parts.map((part) => part[key] as Tensor));
  return {
    logprobs: joined('logprobs') as Tensor,
    entropy: joined('entropy'),
    isArgmax: joined('isArgmax'),
  };
}

/**
 * Log-probabilities of tokens [N] from hidden states [N, C] and the output head [V, C], without gradient and without
 * ever holding all logits.
 * @throws ShapeError
 */
export function chunkedLogprobs(
  hidden: Tensor,
  head: Tensor,
  tokens: Tensor,
  options: ChunkOptions = {},
): TokenScores {
  const scored = { hidden, head, tokens };
  checkShapes(scored);
  return noGrad(() => tidy(() => join(forEachChunk(scored, options, scoreChunk))));
}

/** A tensor that gradients can be asked for, and its gradient's way back to where the tensor came from. */
const leafOf = (tensor: Tensor): Tensor =>
  tensor.isLeaf && tensor.requiresGrad ? tensor : tensor.detach().requireGrad();

/** ∂loss/∂score for each score, null where the loss does not use it. */
interface ScoreGradients {
  logprobs: Tensor | null;
  entropy: Tensor | null;
}

/** Backward through one chunk: adds to the head's gradient and returns that of the chunk's hidden states. */
function backwardChunk(chunk: Chunk, head: Tensor, gradients: ScoreGradients): Tensor {
  const hidden = chunk.hidden.detach().requireGrad();
  const scores = enableGrad(() => scoreChunk({ ...chunk, hidden, head }));
  const weighted = (['logprobs', 'entropy'] as const).flatMap((key) => {
    const [score, gradient] = [scores[key], gradients[key]];
    return score === undefined || gradient === null
      ? []
      : [score.mul(gradient.narrow(0, chunk.start, chunk.length)).sum()];
  });
  for (const [i, objective] of weighted.entries()) {
    objective.backward({ keepGraph: i + 1 < weighted.length });
  }
  return hidden.grad ?? hidden.detach().mul(0);
}

function backwardChunks(scored: Scored, options: ChunkOptions, gradients: ScoreGradients): void {
  const { hidden, head } = scored;
  const headLeaf = head.requiresGrad ? leafOf(head) : head;
  const parts = forEachChunk(scored, options, (chunk) => backwardChunk(chunk, headLeaf, gradients));
  if (headLeaf !== head) {
    const headGradient = headLeaf.grad;
    if (headGradient !== null) head.backward({ gradient: headGradient, keepGraph: true });
  }
  if (hidden.requiresGrad) hidden.backward({ gradient: cat(parts) });
}

/**
 * Computes a loss of the tokens' log-probabilities and its gradients, without ever holding all logits: scores the
 * tokens chunk by chunk without gradient, asks `lossOf` for the loss, then scores each chunk again and sends
 * ∂loss/∂score back through it. Equals the direct computation, for a second pass through the head. Where all logits
 * fit into one chunk, it is the direct computation.
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
    if (tokens.size <= chunkSize(scored, options)) {
      const result = lossOf(scoreChunk(chunkAt(scored, 0, tokens.size, options)));
      result.loss.backward();
      return { ...result, loss: result.loss.detach() };
    }
    const scores = chunkedLogprobs(hidden, head, tokens, options);
    const leaves = { ...scores, logprobs: scores.logprobs.requireGrad() };
    const usesEntropy = options.entropy === 'differentiable';
    if (usesEntropy) scores.entropy?.requireGrad();
    const result = lossOf(leaves);
    const inputs = [leaves.logprobs, ...(usesEntropy ? [scores.entropy as Tensor] : [])];
    const [logprobs = null, entropy = null] = grad(result.loss, inputs);
    backwardChunks(scored, options, { logprobs, entropy });
    return { ...result, loss: result.loss.detach() };
  });
}
