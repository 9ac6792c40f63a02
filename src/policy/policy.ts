import { ConfigError } from '../errors.ts';
import {
  addAdapters,
  initModel,
  type LoraOptions,
  loadModel,
  type Model,
  mergeAdapters,
  saveModel,
} from '../models/index.ts';
import { type DType, Generator } from '../tensor/index.ts';
import { loadTokenizer, type Tokenizer } from '../tokenizers/index.ts';
import type { Rollout } from '../types.ts';
import { assertVocabulary } from './assert-vocabulary.ts';
import { type NewModelOptions, newModelConfig } from './new-model-config.ts';
import { sampleCompletions } from './sample.ts';
import { resolveSampling, type SamplingOptions } from './sampling-options.ts';
import { scoreSequences } from './score.ts';

export interface LoadPolicyOptions {
  /** float32 unless given, whatever the folder holds. */
  readonly dtype?: DType;
  readonly device?: string;
  /** Whether its weights record gradients; true unless given. */
  readonly trainable?: boolean;
  /** The folder's own unless given. */
  readonly tokenizer?: Tokenizer;
  /** Folder of the weights below an adapter folder; what it names as its base unless given. */
  readonly baseFolder?: string | undefined;
}

export interface CreatePolicyOptions {
  readonly seed?: number;
  readonly dtype?: DType;
  readonly device?: string;
}

/** A language model with the tokenizer its tokens come from: what is sampled, scored, trained and saved. */
export class Policy {
  readonly model: Model;
  readonly tokenizer: Tokenizer;
  /** The folder that its weights were read from; undefined where they were not. */
  readonly source: string | undefined;

  /** @throws ConfigError for a reward model, or when the model has fewer token rows than the tokenizer has tokens. */
  constructor(model: Model, tokenizer: Tokenizer, source?: string) {
    if (model.config.output !== 'logits') {
      throw new ConfigError(
        'the model is a reward model, which scores texts and writes none; name it in reward_funcs, or train it on with laurel reward',
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
  ): Policy {
    const config = newModelConfig(sizes, tokenizer);
    return new Policy(initModel(config, { seed, ...placement }), tokenizer);
  }

  /** Reads a Hugging Face folder: configuration, weights and tokenizer; or adapters of PEFT's and what is below them. */
  static load(folder: string, options: LoadPolicyOptions = {}): Policy {
    const { dtype = 'float32', device = 'cpu', trainable = true, tokenizer, baseFolder } = options;
    const model = loadModel(folder, { dtype, device, trainable, baseFolder });
    return new Policy(model, tokenizer ?? loadTokenizer(folder), folder);
  }

  /** The policy with fresh adapters to train; its weights are shared and frozen. */
  withAdapters({ seed = 42, ...options }: LoraOptions & { readonly seed?: number } = {}): Policy {
    return new Policy(addAdapters(this.model, { ...options, seed }), this.tokenizer, this.source);
  }

  /** A plain policy: this one's adapters added to copies of its weights. */
  merged({ trainable = true }: { readonly trainable?: boolean } = {}): Policy {
    return new Policy(mergeAdapters(this.model, { trainable }), this.tokenizer);
  }

  /** Writes a Hugging Face folder that `transformers` loads; with adapters, one that `peft` loads. */
  save(folder: string): void {
    saveModel(folder, this.model);
    this.tokenizer.save(folder);
  }

  /** Completes one prompt, `count` times. */
  async sample(
    prompt: string,
    { count = 1, seed = 0, signal, ...sampling }: SamplingOptions & SampleOptions,
  ): Promise<readonly Rollout[]> {
    const tokens = this.tokenizer.encode(prompt, { addSpecialTokens: true });
    const [rollouts] = await sampleCompletions({
      ...this,
      prompts: [tokens],
      groupSize: count,
      sampling: resolveSampling(sampling),
      generator: new Generator(seed),
      ...(signal === undefined ? {} : { signal }),
    });
    return rollouts!;
  }

  /**
   * log π of each token of completions of a prompt, in nats, under the distribution that the options name: for
   * completions sampled with the same options, what `sample` reported.
   */
  score(
    prompt: string,
    completions: readonly Pick<Rollout, 'tokens' | 'keptTokens'>[],
    { temperature = 1, batchSize = 64, ...options }: ScoreCompletionsOptions = {},
  ): number[][] {
    const read = this.tokenizer.encode(prompt, { addSpecialTokens: true });
    const sequences = completions.map(({ tokens, ...kept }) => ({
      ...kept,
      tokens: [...read, ...tokens],
      promptLength: read.length,
      completionMask: tokens.map(() => 1),
    }));
    const scores = scoreSequences(this.model, sequences, {
      temperature,
      logprobDistribution: options.logprobDistribution ?? 'sampled',
      repetitionPenalty: options.repetitionPenalty ?? 1,
      padTokenId: this.tokenizer.padTokenId,
      batchSize,
    });
    return scores.map(({ logprobs }) => logprobs);
  }
}

export interface ScoreCompletionsOptions
  extends Pick<SamplingOptions, 'temperature' | 'repetitionPenalty' | 'logprobDistribution'> {
  /** Completions read at one time. */
  readonly batchSize?: number;
}

export interface SampleOptions {
  /** Completions. */
  readonly count?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}
