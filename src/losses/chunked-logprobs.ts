// Log-probabilities without all logits: [N, V] exists a chunk of tokens at a time, and what scoring makes of a chunk
// (log-softmax, entropy, their gradients) a block of a chunk at a time.
import { ShapeError } from '../errors.ts';
import { cat, linear, noGrad, type Tensor, tidy } from '../tensor/index.ts';
import { keptLogprobs, needsKeptOnly } from './kept-logprobs.ts';
import type { SeenText } from './repetition-penalty.ts';
import { type TokenLogprobOptions, type TokenScores, tokenLogprobs } from './token-logprobs.ts';

export interface ChunkOptions extends TokenLogprobOptions {
  /** Tokens whose logits exist at one time; by default as many as keep them under 2²⁵ numbers. */
  readonly chunkTokens?: number;
  /** Tokens of a chunk that are scored at one time; by default as many as have at most 2²¹ logits. */
  readonly blockTokens?: number;
}

/** Numbers in the largest chunk of logits: 128 MiB of float32. Longer chunks read the head less often. */
export const LOGITS_AT_ONCE = 2 ** 25;

/** Numbers in the largest block: 8 MiB of float32 for each of the few tensors that scoring makes. */
export const SCORED_AT_ONCE = 2 ** 21;

/** What is scored: hidden states [N, C] times the head [V, C], at the tokens [N]. */
export interface Scored {
  readonly hidden: Tensor;
  readonly head: Tensor;
  readonly tokens: Tensor;
}

/** @throws ShapeError */
export function checkShapes({ hidden, head, tokens }: Scored): void {
  const [n, width] = hidden.shape;
  if (hidden.rank === 2 && tokens.rank === 1 && tokens.shape[0] === n && head.shape[1] === width) {
    return;
  }
  const found = [hidden, head, tokens].map(({ shape }) => `[${shape.join(', ')}]`);
  throw new ShapeError(
    `chunkedLogprobs: expected hidden [N, C], head [V, C], tokens [N]; found ${found.join(', ')}`,
  );
}

const atMost = (numbers: number, vocabulary: number): number =>
  Math.max(1, Math.floor(numbers / vocabulary));

/** Tokens of a chunk and of a block, for V logits each. */
export function chunkSizes(
  vocabulary: number,
  { chunkTokens, blockTokens }: ChunkOptions = {},
): { chunk: number; block: number } {
  const chunk = Math.max(1, chunkTokens ?? atMost(LOGITS_AT_ONCE, vocabulary));
  const block = Math.max(1, blockTokens ?? atMost(SCORED_AT_ONCE, vocabulary));
  return { chunk, block: Math.min(chunk, block) };
}

/** Rows start … start + length of something. */
export interface Range {
  readonly start: number;
  readonly length: number;
}

export const rowsOf = (tensor: Tensor, { start, length }: Range): Tensor =>
  tensor.narrow(0, start, length);

/**
 * Runs `work` on ranges of at most `most` rows, as equal as can be, so that each takes the memory of the one before;
 * in order, freeing what each made and does not return.
 */
export function forEachRange<Result>(
  total: number,
  most: number,
  work: (range: Range) => Result,
): Result[] {
  const size = Math.ceil(total / Math.ceil(total / most));
  const results: Result[] = [];
  for (let start = 0; start < total; start += size) {
    const range = { start, length: Math.min(size, total - start) };
    results.push(tidy(() => work(range)));
  }
  return results;
}

const rowsOfText = <Text extends SeenText>(seen: Text, range: Range): Text => ({
  ...seen,
  starts: rowsOf(seen.starts, range),
  ends: rowsOf(seen.ends, range),
});

/** Tokens and options of some rows. */
export function targetsOf(
  { tokens }: Pick<Scored, 'tokens'>,
  { chunkTokens: _, blockTokens: __, keptTokens, repetition, ...options }: ChunkOptions,
  range: Range,
): [Tensor, TokenLogprobOptions] {
  const kept = keptTokens === undefined ? {} : { keptTokens: rowsOf(keptTokens, range) };
  const replayed = repetition && { repetition: rowsOfText(repetition, range) };
  return [rowsOf(tokens, range), { ...options, ...kept, ...replayed }];
}

function join(parts: readonly TokenScores[]): TokenScores {
  const joined = (key: keyof TokenScores) =>
    parts[0]?.[key] && cat(parts.map((part) => part[key] as Tensor));
  return {
    logprobs: joined('logprobs') as Tensor,
    entropy: joined('entropy'),
    isArgmax: joined('isArgmax'),
    meanLogits: joined('meanLogits'),
    topIds: joined('topIds'),
    topLogprobs: joined('topLogprobs'),
  };
}

/** Scores the tokens of a chunk, whose logits [n, V] are given, block by block. */
export function scoreLogits(
  logits: Tensor,
  scored: Scored,
  options: ChunkOptions,
  chunk: Range,
): TokenScores {
  const { block } = chunkSizes(logits.shape[1] as number, options);
  const parts = forEachRange(chunk.length, block, ({ start, length }) =>
    tokenLogprobs(
      rowsOf(logits, { start, length }),
      ...targetsOf(scored, options, { start: chunk.start + start, length }),
    ),
  );
  return join(parts);
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
  const { chunk } = chunkSizes(head.shape[0] as number, options);
  return noGrad(() =>
    tidy(() => {
      if (needsKeptOnly(scored, options)) return keptLogprobs(scored, options);
      return join(
        forEachRange(tokens.size, chunk, (range) =>
          scoreLogits(linear(rowsOf(hidden, range), head), scored, options, range),
        ),
      );
    }),
  );
}
