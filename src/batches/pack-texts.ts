import type { Segments } from '../models/index.ts';
import { type Tensor, tokenTensor } from '../tensor/index.ts';
import type { PackOptions } from './pack-batch.ts';
import { padTokens, place, segmentsOf } from './placement.ts';
import { padded } from './row-layout.ts';

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
  { padTokenId, layout = padded, device = 'cpu' }: Omit<PackOptions, 'dtype'>,
): TextBatch {
  const sequences = texts.map((tokens) => ({ tokens }));
  const placement = place(sequences, layout);
  const ends = texts.map((tokens, i) => placement.offsets[i]! + lastPlace(tokens, padTokenId));
  return {
    tokens: padTokens(sequences, padTokenId, placement).to({ device }),
    segments: segmentsOf(sequences, placement, device),
    ends: tokenTensor(ends, [ends.length], device),
  };
}
