import { type ModelConfig, type ModelType, parseModelConfig } from '../models/index.ts';
import type { Tokenizer } from '../tokenizers/index.ts';

/** Sizes of a model made from scratch, under their `config.json` names in camelCase. */
export interface NewModelOptions {
  readonly modelType?: ModelType;
  /** Model width C. */
  readonly hiddenSize?: number;
  /** Width of the SwiGLU hidden layer; 8/3 of the width, rounded up to 32, unless given. */
  readonly intermediateSize?: number | null;
  readonly numHiddenLayers?: number;
  readonly numAttentionHeads?: number;
  readonly numKeyValueHeads?: number | null;
  readonly headDim?: number | null;
  readonly maxPositionEmbeddings?: number;
  readonly ropeTheta?: number;
  readonly rmsNormEps?: number;
  readonly initializerRange?: number;
  readonly tieWordEmbeddings?: boolean;
}

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** A model configuration for a tokenizer, with small defaults. @throws ConfigError for sizes that do not fit. */
export function newModelConfig(
  {
    modelType = 'llama',
    hiddenSize = 256,
    intermediateSize,
    numHiddenLayers = 4,
    numAttentionHeads = 4,
    numKeyValueHeads,
    headDim,
    maxPositionEmbeddings = 1024,
    ropeTheta = 10_000,
    rmsNormEps = 1e-6,
    initializerRange = 0.02,
    tieWordEmbeddings = true,
  }: NewModelOptions,
  tokenizer: Tokenizer,
): ModelConfig {
  return parseModelConfig(
    {
      model_type: modelType,
      vocab_size: tokenizer.vocabSize,
      hidden_size: hiddenSize,
      intermediate_size: intermediateSize ?? roundUp((hiddenSize * 8) / 3, 32),
      num_hidden_layers: numHiddenLayers,
      num_attention_heads: numAttentionHeads,
      num_key_value_heads: numKeyValueHeads ?? numAttentionHeads,
      ...(headDim && { head_dim: headDim }),
      max_position_embeddings: maxPositionEmbeddings,
      rope_theta: ropeTheta,
      rms_norm_eps: rmsNormEps,
      initializer_range: initializerRange,
      tie_word_embeddings: tieWordEmbeddings,
      eos_token_id: tokenizer.eosTokenId,
      pad_token_id: tokenizer.padTokenId,
      bos_token_id: tokenizer.bosTokenId ?? null,
    },
    'the new model',
  );
}
