import {
  microBatches,
  type PromptLayout,
  packBatch,
  type RowLayout,
  type TrainBatch,
  type TrainSequence,
  wholeTexts,
} from '../batches/index.ts';
import { type ChunkOptions, chunkedLogprobs, type TokenScores } from '../losses/index.ts';
import { hiddenStates, type Model } from '../models/index.ts';
import { noGrad, type Tensor, tidy, zeros } from '../tensor/index.ts';
import type { LogprobDistribution } from './sampling-options.ts';

/** Under which distribution tokens are scored, and what besides their log-probability is wanted. */
export interface ScoreOptions {
  readonly temperature: number;
  readonly logprobDistribution: LogprobDistribution;
  /** Divides positive logits of tokens seen before, multiplies negative ones, under `sampled` only; 1: none. */
  readonly repetitionPenalty?: number;
  readonly entropy?: 'none' | 'detached' | 'differentiable';
  readonly compareArgmax?: boolean;
  readonly meanLogits?: boolean;
  /** K: how many of the likeliest tokens to report at each place; left out, none. */
  readonly topTokens?: number | undefined;
  /** Which sequences share a row of the forward pass; by default none do. Scores do not depend on it. */
  readonly layout?: RowLayout | undefined;
  /** Whether completions of one prompt share its computation; by default where it saves some. Scores do not depend on it. */
  readonly prompts?: PromptLayout | undefined;
}

/** The matrix that turns hidden states into logits. [V, C]. */
export const headOf = ({ weights }: Model): Tensor => weights.head ?? weights.embedTokens;

/** Of hidden states [B, T, C] those that predict the trained tokens. [N, C]. */
export const atPredictors = (hidden: Tensor, { predictors }: TrainBatch): Tensor =>
  hidden.reshape([-1, hidden.shape[2]!]).indexSelect(0, predictors);

/** The hidden states that predict the trained tokens. [N, C]. */
export const predictingStates = (model: Model, batch: TrainBatch): Tensor =>
  atPredictors(hiddenStates(model, { tokens: batch.tokens, segments: batch.segments }), batch);

/** What `TokenScores` are asked for. Kept sets and the repetition penalty count under `sampled` only. */
export function chunkOptions(batch: TrainBatch, options: ScoreOptions): ChunkOptions {
  const { logprobDistribution, entropy = 'none', compareArgmax = false } = options;
  const { meanLogits = false, topTokens } = options;
  // Greedy drawing reports its tokens at temperature 1.
  const temperature = options.temperature === 0 ? 1 : options.temperature;
  const isSampled = logprobDistribution === 'sampled';
  const keptTokens = isSampled ? batch.keptTokens : undefined;
  const repetition = isSampled ? repetitionOf(batch, options) : undefined;
  return { temperature, keptTokens, repetition, entropy, compareArgmax, meanLogits, topTokens };
}

function repetitionOf(
  { sequences, tokens }: TrainBatch,
  { repetitionPenalty: penalty = 1 }: ScoreOptions,
): ChunkOptions['repetition'] {
  return penalty === 1 ? undefined : { penalty, ...wholeTexts(sequences, tokens.device) };
}

/** Values of the trained tokens [N] at their places in the completion region [B, T'], 0 elsewhere. */
export function spread(flat: Tensor, { completionMask, slots }: TrainBatch): Tensor {
  const { shape } = completionMask;
  const [rows, region] = shape as [number, number];
  const blank = zeros([rows * region], { dtype: flat.dtype, device: completionMask.device });
  return blank.indexCopy(0, slots, flat).view(shape);
}

/** `spread` for every score there is. */
export function spreadScores(
  { logprobs, entropy, isArgmax, meanLogits }: TokenScores,
  batch: TrainBatch,
): TokenScores {
  return {
    logprobs: spread(logprobs, batch),
    entropy: entropy && spread(entropy, batch),
    isArgmax: isArgmax && spread(isArgmax, batch),
    meanLogits: meanLogits && spread(meanLogits, batch),
  };
}

const logprobDtype = (model: Model) =>
  model.weights.embedTokens.dtype === 'float64' ? 'float64' : 'float32';

/** How sequences become rows. */
export interface PackingOptions extends Pick<ScoreOptions, 'layout' | 'prompts'> {
  readonly padTokenId: number;
}

/** Sequences as tensors where the model is. */
export function packFor(
  model: Model,
  sequences: readonly TrainSequence[],
  { prompts = 'cheapest', ...packing }: PackingOptions,
): TrainBatch {
  const { device } = model.weights.embedTokens;
  return packBatch(sequences, { ...packing, prompts, device, dtype: logprobDtype(model) });
}

/** Scores of one sequence's completion region; 0 where a token is not trained on. */
export interface SequenceScores {
  readonly logprobs: number[];
  readonly entropies: number[] | undefined;
}

/** Scores sequences without gradient, `batchSize` at a time: the path that training takes, not another. */
export function scoreSequences(
  model: Model,
  sequences: readonly TrainSequence[],
  { padTokenId, batchSize, ...options }: ScoreOptions & { padTokenId: number; batchSize: number },
): SequenceScores[] {
  return microBatches(sequences, batchSize).flatMap((rows) =>
    noGrad(() =>
      tidy(() => {
        const batch = packFor(model, rows, {
          padTokenId,
          layout: options.layout,
          prompts: options.prompts,
        });
        if (batch.targets.size === 0)
          return rows.map(({ completionMask }) => untrained(completionMask.length, options));
        const hidden = predictingStates(model, batch);
        const scores = chunkedLogprobs(
          hidden,
          headOf(model),
          batch.targets,
          chunkOptions(batch, options),
        );
        return splitRows(rows, spreadScores(scores, batch));
      }),
    ),
  );
}

/** What a sequence without a trained token scores. */
const untrained = (length: number, { entropy = 'none' }: ScoreOptions): SequenceScores => ({
  logprobs: Array<number>(length).fill(0),
  entropies: entropy === 'none' ? undefined : Array<number>(length).fill(0),
});

function splitRows(
  rows: readonly TrainSequence[],
  { logprobs, entropy }: TokenScores,
): SequenceScores[] {
  const region = logprobs.shape[1]!;
  const flat = logprobs.toArray();
  const entropies = entropy?.toArray();
  return rows.map(({ completionMask }, row) => {
    const start = row * region;
    const end = start + completionMask.length;
    return { logprobs: flat.slice(start, end), entropies: entropies?.slice(start, end) };
  });
}
