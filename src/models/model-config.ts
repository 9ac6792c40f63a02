import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import type { DType } from '../tensor/index.ts';
import { parseRope, type RopeConfig } from './rope-config.ts';

export const modelTypes = ['llama', 'qwen2', 'qwen3'] as const;

export type ModelType = (typeof modelTypes)[number];

/**
 * What the last states are turned into: a logit for every token, or one score for a whole text (transformers' sequence
 * classification with one label), which makes a reward model.
 */
export type ModelOutput = 'logits' | 'score';

/** The architecture of a decoder transformer, as Hugging Face's config.json describes it. */
export interface ModelConfig {
  readonly modelType: ModelType;
  readonly output: ModelOutput;
  /** V */
  readonly vocabSize: number;
  /** C */
  readonly hiddenSize: number;
  /** Width of the gated feed-forward layer. */
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  /** H */
  readonly numAttentionHeads: number;
  /** K; each serves H / K query heads. */
  readonly numKeyValueHeads: number;
  /** D; not always C / H. */
  readonly headDim: number;
  readonly maxPositionEmbeddings: number;
  readonly rmsNormEps: number;
  /** Standard deviation of freshly drawn matrices. */
  readonly initializerRange: number;
  /** The embedding is also the output matrix. */
  readonly tieWordEmbeddings: boolean;
  /** Biases of the query, key and value projections. */
  readonly queryKeyValueBias: boolean;
  /** Bias of the attention's output projection. */
  readonly outputBias: boolean;
  /** Biases of the feed-forward projections. */
  readonly mlpBias: boolean;
  /** RMS norms of each query and key head, before rotation. */
  readonly queryKeyNorm: boolean;
  readonly rope: RopeConfig;
  /** Dtype the weights were saved in. */
  readonly dtype: DType;
  readonly bosTokenId: number | null;
  /** Any of them ends a text. */
  readonly eosTokenIds: readonly number[];
  readonly padTokenId: number | null;
  /** generation_config.json as found beside the model, or {}. */
  readonly generation: Readonly<Record<string, unknown>>;
}

const count = z.int().positive();
const tokenId = z.int().nonnegative().nullish();

const fields = {
  vocab_size: count,
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  hidden_act: z.literal('silu', 'only silu is supported').default('silu'),
  max_position_embeddings: count,
  initializer_range: z.number().positive().default(0.02),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  use_sliding_window: z.boolean().nullish(),
  sliding_window: count.nullish(),
  max_window_layers: z.int().nonnegative().nullish(),
  layer_types: z.array(z.string()).nullish(),
  bos_token_id: tokenId,
  eos_token_id: z.union([z.int().nonnegative(), z.array(z.int().nonnegative())]).nullish(),
  pad_token_id: tokenId,
  torch_dtype: z.string().nullish(),
  dtype: z.string().nullish(),
  architectures: z.array(z.string()).nullish(),
  id2label: z.record(z.string(), z.unknown()).nullish(),
  num_labels: count.nullish(),
};

type Fields = z.infer<z.ZodObject<typeof fields>>;

const schemas = {
  llama: z.looseObject({
    ...fields,
    max_position_embeddings: count.default(2048),
    bos_token_id: tokenId.default(1),
    eos_token_id: fields.eos_token_id.default(2),
  }),
  qwen2: z.looseObject({ ...fields, max_position_embeddings: count.default(32768) }),
  qwen3: z.looseObject({
    ...fields,
    max_position_embeddings: count.default(32768),
    head_dim: count.nullish().default(128),
  }),
};

/** A model's description with config.json's own keys; sizes are required, the rest have transformers' defaults. */
export type ModelConfigInput = { readonly model_type: ModelType } & Readonly<
  Record<string, unknown>
>;

function modelTypeOf(json: Readonly<Record<string, unknown>>, where: string): ModelType {
  const found = json['model_type'];
  if (modelTypes.includes(found as ModelType)) return found as ModelType;
  throw new ConfigError(
    `${where}: model_type ${JSON.stringify(found)} is not supported; Laurel runs ${modelTypes.join(', ')}`,
  );
}

function parseFields(modelType: ModelType, json: unknown, where: string): Fields {
  const parsed = schemas[modelType].safeParse(json);
  if (parsed.success) return parsed.data;
  throw new ConfigError(`${where}:\n${z.prettifyError(parsed.error)}`);
}

/** Layers that would see only the last `sliding_window` tokens, as Qwen's configurations switch them on. */
function slidingLayers(fields: Fields): number {
  if (fields.layer_types) {
    return fields.layer_types.filter((type) => type !== 'full_attention').length;
  }
  if (!fields.use_sliding_window || fields.sliding_window == null) return 0;
  return Math.max(0, fields.num_hidden_layers - (fields.max_window_layers ?? 28));
}

function refuseWindow(modelType: ModelType, fields: Fields, where: string): void {
  const layers = modelType === 'llama' ? 0 : slidingLayers(fields);
  if (layers === 0 || (fields.sliding_window ?? 0) >= fields.max_position_embeddings) return;
  throw new ConfigError(
    `${where}: ${layers} of ${fields.num_hidden_layers} layers use sliding-window attention, which is not supported. ` +
      `If the context stays within ${fields.sliding_window ?? 'the window'} tokens, set use_sliding_window to false and remove layer_types`,
  );
}

function refuseBadHeads(
  fields: Fields,
  keyValueHeads: number,
  headDim: number,
  where: string,
): void {
  if (fields.num_attention_heads % keyValueHeads !== 0) {
    throw new ConfigError(
      `${where}: num_attention_heads ${fields.num_attention_heads} is not a multiple of num_key_value_heads ${keyValueHeads}`,
    );
  }
  if (!Number.isInteger(headDim) || headDim % 2 !== 0) {
    throw new ConfigError(
      `${where}: head width ${headDim} must be an even whole number to be rotated; set head_dim`,
    );
  }
}

const dtypes: readonly string[] = ['float32', 'float64', 'bfloat16', 'float16'];

function dtypeIn({ dtype, torch_dtype: old }: Fields, where: string): DType {
  const name = (dtype ?? old ?? 'float32').replace('torch.', '');
  if (dtypes.includes(name)) return name as DType;
  throw new ConfigError(`${where}: dtype '${name}' is not one of ${dtypes.join(', ')}`);
}

/** transformers counts labels by their names, and takes two where none are named. */
function outputOf({ architectures, id2label, num_labels: labels }: Fields, where: string) {
  const name = architectures?.[0] ?? '';
  if (!name.endsWith(classifier)) return 'logits';
  const found = labels ?? (id2label ? Object.keys(id2label).length : 2);
  if (found === 1) return 'score';
  throw new ConfigError(
    `${where}: ${name} with ${found} labels is not supported; a reward model has one (num_labels=1)`,
  );
}

const listOf = (ids: number | readonly number[] | null | undefined): readonly number[] =>
  ids == null ? [] : typeof ids === 'number' ? [ids] : ids;

function refuseUnsupported(json: Readonly<Record<string, unknown>>, where: string): void {
  const partial = json['partial_rotary_factor'];
  if (partial != null && partial !== 1) {
    throw new ConfigError(
      `${where}: partial_rotary_factor ${String(partial)} is not supported, only 1`,
    );
  }
  if (json['quantization_config'] != null) {
    throw new ConfigError(
      `${where}: quantized weights are not supported; use the unquantized model`,
    );
  }
}

/**
 * Reads a configuration of transformers 4.x or 5.x (config.json's object).
 * @throws ConfigError naming `where` for an unknown model_type, a missing size, or a feature that is not supported.
 */
export function parseModelConfig(
  json: Readonly<Record<string, unknown>>,
  where = 'model configuration',
): ModelConfig {
  const modelType = modelTypeOf(json, where);
  const fields = parseFields(modelType, json, where);
  const numKeyValueHeads = fields.num_key_value_heads ?? fields.num_attention_heads;
  const headDim = fields.head_dim ?? fields.hidden_size / fields.num_attention_heads;
  refuseUnsupported(json, where);
  refuseBadHeads(fields, numKeyValueHeads, headDim, where);
  refuseWindow(modelType, fields, where);
  return {
    modelType,
    output: outputOf(fields, where),
    vocabSize: fields.vocab_size,
    hiddenSize: fields.hidden_size,
    intermediateSize: fields.intermediate_size,
    numHiddenLayers: fields.num_hidden_layers,
    numAttentionHeads: fields.num_attention_heads,
    numKeyValueHeads,
    headDim,
    maxPositionEmbeddings: fields.max_position_embeddings,
    rmsNormEps: fields.rms_norm_eps,
    initializerRange: fields.initializer_range,
    tieWordEmbeddings: fields.tie_word_embeddings,
    queryKeyValueBias: modelType === 'qwen2' || fields.attention_bias,
    outputBias: modelType !== 'qwen2' && fields.attention_bias,
    mlpBias: modelType === 'llama' && fields.mlp_bias,
    queryKeyNorm: modelType === 'qwen3',
    rope: parseRope(
      json,
      { headDim, maxPositionEmbeddings: fields.max_position_embeddings },
      where,
    ),
    dtype: dtypeIn(fields, where),
    bosTokenId: fields.bos_token_id ?? null,
    eosTokenIds: listOf(fields.eos_token_id),
    padTokenId: fields.pad_token_id ?? null,
    generation: {},
  };
}

const oneOrMany = (ids: readonly number[]): number | readonly number[] | null =>
  ids.length === 0 ? null : ids.length === 1 ? ids[0]! : ids;

const families: Record<ModelType, string> = { llama: 'Llama', qwen2: 'Qwen2', qwen3: 'Qwen3' };

const classifier = 'ForSequenceClassification';

/** The classes of transformers; where a model has a score, its one label names it. */
const formatOutput = ({ modelType, output }: ModelConfig): Record<string, unknown> =>
  output === 'logits'
    ? { architectures: [`${families[modelType]}ForCausalLM`] }
    : {
        architectures: [`${families[modelType]}${classifier}`],
        id2label: { 0: 'LABEL_0' },
        label2id: { LABEL_0: 0 },
      };

/** The config.json that both transformers 4.x and 5.x read back as this configuration. */
export function formatModelConfig(config: ModelConfig): Record<string, unknown> {
  const { rope } = config;
  const { ropeTheta, ...scaling } = rope;
  const parameters = formatRopeScaling(scaling);
  const longContext = scaling.ropeType === 'longrope';
  return {
    ...formatOutput(config),
    model_type: config.modelType,
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.numHiddenLayers,
    num_attention_heads: config.numAttentionHeads,
    num_key_value_heads: config.numKeyValueHeads,
    head_dim: config.headDim,
    hidden_act: 'silu',
    max_position_embeddings: config.maxPositionEmbeddings,
    ...(longContext
      ? { original_max_position_embeddings: scaling.originalMaxPositionEmbeddings }
      : {}),
    initializer_range: config.initializerRange,
    rms_norm_eps: config.rmsNormEps,
    tie_word_embeddings: config.tieWordEmbeddings,
    ...(config.modelType === 'qwen2'
      ? {}
      : { attention_bias: config.queryKeyValueBias, attention_dropout: 0 }),
    ...(config.modelType === 'llama'
      ? { mlp_bias: config.mlpBias }
      : { use_sliding_window: false }),
    rope_theta: ropeTheta,
    rope_scaling: scaling.ropeType === 'default' ? null : parameters,
    rope_parameters: { ...parameters, rope_theta: ropeTheta },
    bos_token_id: config.bosTokenId,
    eos_token_id: oneOrMany(config.eosTokenIds),
    pad_token_id: config.padTokenId,
    torch_dtype: config.dtype,
    dtype: config.dtype,
    use_cache: true,
  };
}

const toSnake = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const formatRopeScaling = (scaling: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(scaling).map(([key, value]) => [toSnake(key), value]));
