import { microBatches, packTexts, type RowLayout } from '../batches/index.ts';
import { ConfigError } from '../errors.ts';
import {
  addScoreHead,
  hiddenStates,
  initModel,
  loadModel,
  logits,
  type Model,
  saveModel,
} from '../models/index.ts';
import { noGrad, type Tensor, tidy } from '../tensor/index.ts';
import { loadTokenizer, type Tokenizer } from '../tokenizers/index.ts';
import { assertVocabulary } from './assert-vocabulary.ts';
import { type NewModelOptions, newModelConfig } from './new-model-config.ts';
import type { Trainee } from './optimiser-step.ts';
import type { CreatePolicyOptions, LoadPolicyOptions, Policy } from './policy.ts';

export interface ScoreTextsOptions {
  /** Texts read at one time; 8 unless given. */
  readonly batchSize?: number;
  /** Which texts share a row of the forward pass; by default none do. Scores do not depend on it. */
  readonly layout?: RowLayout | undefined;
}

/** A model that gives a whole text one number, read at its last token, with the tokenizer its tokens come from. */
export class RewardModel implements Trainee {
  readonly model: Model;
  readonly tokenizer: Tokenizer;
  /** The folder that its weights were read from; undefined where they were not. */
  readonly source: string | undefined;

  /** @throws ConfigError for a model without a score, or with fewer token rows than the tokenizer has tokens. */
  constructor(model: Model, tokenizer: Tokenizer, source?: string) {
    if (model.config.output !== 'score') {
      throw new ConfigError(
        'the model predicts tokens and has no score; train a reward model on preferences: laurel reward',
      );
    }
    assertVocabulary(model, tokenizer);
    this.model = model;
    this.tokenizer = tokenizer;
    this.source = source;
  }

  /** A new model with random weights. */
  static create(
    sizes: NewModelOptions,
    tokenizer: Tokenizer,
    { seed = 42, ...placement }: CreatePolicyOptions = {},
  ): RewardModel {
    const config = { ...newModelConfig(sizes, tokenizer), output: 'score' } as const;
    return new RewardModel(initModel(config, { seed, ...placement }), tokenizer);
  }

  /** Reads a Hugging Face folder of sequence classification with one label, ours or transformers'. */
  static load(folder: string, options: Omit<LoadPolicyOptions, 'baseFolder'> = {}): RewardModel {
    const { dtype = 'float32', device = 'cpu', trainable = true, tokenizer } = options;
    const model = loadModel(folder, { dtype, device, trainable });
    return new RewardModel(model, tokenizer ?? loadTokenizer(folder), folder);
  }

  /** A policy's weights under a fresh score; they are shared, and change when the reward model is trained. */
  static from(
    { model, tokenizer, source }: Policy,
    { seed = 42 }: { seed?: number } = {},
  ): RewardModel {
    const { config, weights } = addScoreHead(model, { seed });
    // The padding of the folder below may be another tokenizer's.
    const { padTokenId } = tokenizer;
    return new RewardModel({ config: { ...config, padTokenId }, weights }, tokenizer, source);
  }

  /** Padding of a batch, and what is no text at the end of one. */
  get padTokenId(): number {
    return this.model.config.padTokenId ?? this.tokenizer.padTokenId;
  }

  /** Writes a Hugging Face folder that `transformers` loads, with the padding that scores depend on. */
  save(folder: string): void {
    const { config, weights } = this.model;
    saveModel(folder, { config: { ...config, padTokenId: this.padTokenId }, weights });
    this.tokenizer.save(folder);
  }

  /** Scores of texts given as tokens, without gradient. @throws ConfigError for one longer than the context. */
  score(
    texts: readonly (readonly number[])[],
    { batchSize = 8, layout }: ScoreTextsOptions = {},
  ): number[] {
    this.#assertFit(texts);
    return microBatches(texts, batchSize).flatMap((rows) =>
      noGrad(() =>
        tidy(() => {
          const { device } = this.model.weights.embedTokens;
          const batch = packTexts(rows, { padTokenId: this.padTokenId, layout, device });
          return scoresAt(this.model, hiddenStates(this.model, batch), batch.ends).toArray();
        }),
      ),
    );
  }

  #assertFit(texts: readonly (readonly number[])[]): void {
    const { maxPositionEmbeddings: context } = this.model.config;
    const long = texts.find(({ length }) => length > context);
    if (long === undefined) return;
    throw new ConfigError(
      `a text has ${long.length} tokens and the reward model’s context is ${context}; shorten prompts or completions`,
    );
  }
}

/** Scores of texts from the hidden states of all their rows [R, T, C], where each ends. [B], float32 or wider. */
export function scoresAt(model: Model, hidden: Tensor, ends: Tensor): Tensor {
  const last = hidden.reshape([-1, hidden.shape[2]!]).indexSelect(0, ends);
  const scores = logits(model, last).squeeze(-1);
  return scores.dtype === 'float64' ? scores : scores.to({ dtype: 'float32' });
}
