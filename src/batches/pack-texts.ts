import type { Segments } from '../models/index.ts';
import { type Tensor, tokenTensor } from '../tensor/index.ts';
import type { PackOptions } from './pack-batch.ts';
import { padTokens, place, segmentsOf } from './placement.ts';

/** B texts that are read whole, each for what stands at its end; in R rows of T places. */
export interface TextBatch {
  /** [R, T], int64. */
  readonly tokens: Tensor;
  /** Where rows hold several texts, which must not see one another; absent where each holds one. */
  readonly segments: Segments | undefined;
  /** For each text, the row of the flattened hidden states [R·T, C] at its last token. [B], int64. */
  readonly ends: Tensor;
}

/**
 * The place of the last token that is not padding, as transformers finds it in sequence classification: by its id. Where
 * the end of sequence serves as padding too, that is the token before it; of nothing but padding it is the first.
 */
const lastPlace = (tokens: readonly number[], padTokenId: number): number =>
  Math.max(
    tokens.findLastIndex((token) => token !== padTokenId),
    0,
  );

/** Lays out texts to read the state at the end of each. */
export function packTexts(
  texts: readonly (readonly number[])[],
  { padTokenId, layout, device = 'cpu' }: Omit<PackOptions, 'dtype' | 'prompts'>,
): TextBatch {
  const continued = texts.map((tokens) => ({ tokens, promptLength: 0 }));
  const placement = place(continued, { layout });
  const ends = texts.map((tokens, i) => placement.texts[i]!.start + lastPlace(tokens, padTokenId));
  return {
    tokens: padTokens(placement, padTokenId).to({ device }),
    segments: segmentsOf(placement, device),
    ends: tokenTensor(ends, [ends.length], device),
  };
}
