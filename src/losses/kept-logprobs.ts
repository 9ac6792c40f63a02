// Log-probabilities within the sets that tokens were drawn from, without the logits of other tokens.
import { callTensors, noGrad, type Tensor } from '../tensor/index.ts';
import type { ChunkOptions, Scored } from './chunked-logprobs.ts';
import type { TokenScores } from './token-logprobs.ts';

/** Numbers of a head that stays in the processor’s caches: 16 MiB. */
const NEAR_HEAD = 2 ** 22;

/** Logits left out for each one computed, from which on leaving them out is faster: of a near head, of a distant one. */
const LEAST_SAVED = { near: 8, far: 64 } as const;

/** Kept tokens that are scored at one time, at most: some 450 MiB in the backward pass. */
const MOST_KEPT = 2 ** 24;

const isPlain = ({ dtype, device }: Tensor): boolean => dtype === 'float32' && device === 'cpu';

/**
 * Whether the logits of kept tokens are all that is needed, and few enough of the vocabulary: a small product for each
 * row is slower, number by number, than one for all.
 */
export function needsKeptOnly(
  { hidden, head }: Scored,
  { keptTokens, repetition, meanLogits, topTokens }: ChunkOptions,
): boolean {
  if (keptTokens === undefined || repetition !== undefined) return false;
  if (meanLogits || topTokens !== undefined || !isPlain(hidden) || !isPlain(head)) return false;
  const kept = noGrad(() => keptTokens.greaterEqual(0).sum().item());
  const least = head.size <= NEAR_HEAD ? LEAST_SAVED.near : LEAST_SAVED.far;
  return kept <= MOST_KEPT && kept * least <= hidden.shape[0]! * head.shape[0]!;
}

/** What `tokenLogprobs` says of the logits h Vᵀ, of which only the kept ones are computed. Gradient flows. */
export function keptLogprobs(
  { hidden, head, tokens }: Scored,
  { keptTokens, temperature = 1, entropy = 'none', compareArgmax = false }: ChunkOptions,
): TokenScores {
  const [logprobs, entropies, likeliest] = callTensors(
    'laurel::kept_logprobs',
    ...[hidden, head, tokens, keptTokens as Tensor, temperature],
  ) as [Tensor, Tensor, Tensor];
  return {
    logprobs,
    ...(entropy === 'differentiable' && { entropy: entropies }),
    ...(entropy === 'detached' && { entropy: entropies.detach() }),
    ...(compareArgmax && { isArgmax: noGrad(() => likeliest.eq(tokens)) }),
  };
}
