import { ShapeError } from '../errors.ts';
import type { Segments } from '../models/index.ts';
import { type DType, fromTypedArray, type Tensor, tokenTensor } from '../tensor/index.ts';
import type { PromptLayout } from './families.ts';
import { keptLength, keptSet } from './kept-tokens.ts';
import { longest, type Placement, padTokens, place, placeOf, segmentsOf } from './placement.ts';
import type { RowLayout } from './row-layout.ts';
import type { TrainSequence } from './train-sequence.ts';

/**
 * B sequences as padded tensors: tokens in R rows, of one sequence each unless layout or shared prompts say otherwise;
 * everything else by sequence. Padding stands on the right, so a causal model needs no attention mask.
 * T counts whole rows, T' completion regions, N the trained tokens of the batch, K the largest kept set.
 */
export interface TrainBatch {
  /** What was packed, in order. */
  readonly sequences: readonly TrainSequence[];
  /** [R, T], int64. */
  readonly tokens: Tensor;
  /** Where rows hold several sequences, which must not see one another, or prompts once; absent where each holds one. */
  readonly segments: Segments | undefined;
  /**
   * For each trained token, the row of the flattened hidden states [R·T, C] that predicts it; the last of a shared prompt
   * occurs once for every completion. [N], int64.
   */
  readonly predictors: Tensor;
  /** The trained tokens. [N], int64. */
  readonly targets: Tensor;
  /** Where each trained token stands in the flattened completion region [B·T']. [N], int64. */
  readonly slots: Tensor;
  /** 1 where the token is trained on. [B, T']. */
  readonly completionMask: Tensor;
  /** Where a token filter has taken tokens out of `completionMask`: what that was before. [B, T']. */
  readonly offeredMask?: Tensor;
  /** [B, T'], 0 where not trained; absent where the sequences have none. */
  readonly oldLogprobs: Tensor | undefined;
  readonly referenceLogprobs: Tensor | undefined;
  readonly advantages: Tensor | undefined;
  /** Ids each trained token was drawn from, padded with −1. [N, K], int64; absent where nothing was cut. */
  readonly keptTokens: Tensor | undefined;
}

export interface PackOptions {
  padTokenId: number;
  /** Which sequences share a row; by default none do. */
  layout?: RowLayout | undefined;
  /** Whether completions of one prompt share its place; by default none do. */
  prompts?: PromptLayout | undefined;
  device?: string;
  /** Of the per-token columns: that of the log-probabilities they meet. */
  dtype?: DType;
}

const regionLength = ({ tokens, promptLength }: TrainSequence): number =>
  tokens.length - promptLength;

type Column = 'completionMask' | 'oldLogprobs' | 'referenceLogprobs' | 'advantages';

/** One value per token of the completion region, right-padded with 0; undefined where a sequence lacks it. */
function padColumn(
  sequences: readonly TrainSequence[],
  column: Column,
  length: number,
): Tensor | undefined {
  if (sequences.some((sequence) => sequence[column] === undefined)) return undefined;
  const padded = new Float64Array(sequences.length * length);
  for (const [row, sequence] of sequences.entries()) {
    for (const [position, value] of sequence[column]!.entries()) {
      if (sequence.completionMask[position] === 1) padded[row * length + position] = value;
    }
  }
  return fromTypedArray(padded, [sequences.length, length]);
}

/** Pads kept sets with −1 to the largest one. */
function padKept(kept: readonly Int32Array[]): Tensor {
  const width = longest(kept.map((ids) => ids.length));
  const padded = new Int32Array(kept.length * width).fill(-1);
  for (const [row, ids] of kept.entries()) padded.set(ids, row * width);
  return fromTypedArray(padded, [kept.length, width], { dtype: 'int32' }).to({ dtype: 'int64' });
}

function assertConsistent(sequence: TrainSequence): void {
  const length = regionLength(sequence);
  if (sequence.promptLength < 1) {
    throw new ShapeError(
      'packBatch: a prompt needs at least one token, which predicts the first completion token',
    );
  }
  for (const column of [
    'completionMask',
    'oldLogprobs',
    'referenceLogprobs',
    'advantages',
    'keptTokens',
  ] as const) {
    const values = sequence[column];
    if (values === undefined) continue;
    const found = 'ends' in values ? keptLength(values) : values.length;
    if (found !== length) {
      throw new ShapeError(
        `packBatch: ${column} has ${found} values for ${length} completion tokens`,
      );
    }
  }
}

interface TrainedTokens {
  predictors: number[];
  targets: number[];
  slots: number[];
  kept: Int32Array[];
}

/** The one place that shifts: the token at position t is predicted by the hidden state at t − 1. */
function trainedTokens(
  sequences: readonly TrainSequence[],
  { texts }: Placement,
  region: number,
): TrainedTokens {
  const found: TrainedTokens = { predictors: [], targets: [], slots: [], kept: [] };
  for (const [item, { tokens, promptLength, completionMask, keptTokens }] of sequences.entries()) {
    for (let t = promptLength; t < tokens.length; t++) {
      if (completionMask[t - promptLength] !== 1) continue;
      found.predictors.push(placeOf(texts[item]!, t - 1));
      found.targets.push(tokens[t]!);
      found.slots.push(item * region + t - promptLength);
      if (keptTokens !== undefined) found.kept.push(keptSet(keptTokens, t - promptLength));
    }
  }
  return found;
}

/**
 * Shifts, pads and masks: the only place that does.
 * @throws ShapeError when a sequence's columns disagree in length.
 */
export function packBatch(
  sequences: readonly TrainSequence[],
  { padTokenId, layout, prompts, device = 'cpu', dtype = 'float32' }: PackOptions,
): TrainBatch {
  for (const sequence of sequences) assertConsistent(sequence);
  const cut = sequences.filter(({ keptTokens }) => keptTokens !== undefined).length;
  if (cut !== 0 && cut !== sequences.length) {
    throw new ShapeError(
      `packBatch: ${cut} of ${sequences.length} sequences have keptTokens; all or none must`,
    );
  }
  const placement = place(sequences, { layout, prompts });
  const region = longest(sequences.map(regionLength));
  const { predictors, targets, slots, kept } = trainedTokens(sequences, placement, region);
  const column = (name: Column): Tensor | undefined =>
    padColumn(sequences, name, region)?.to({ device, dtype });
  const indices = (values: readonly number[]): Tensor =>
    tokenTensor(values, [values.length], device);
  return {
    sequences,
    tokens: padTokens(placement, padTokenId).to({ device }),
    segments: segmentsOf(placement, device),
    predictors: indices(predictors),
    targets: indices(targets),
    slots: indices(slots),
    completionMask: column('completionMask')!,
    oldLogprobs: column('oldLogprobs'),
    referenceLogprobs: column('referenceLogprobs'),
    advantages: column('advantages'),
    keptTokens: kept.length > 0 ? padKept(kept).to({ device }) : undefined,
  };
}
