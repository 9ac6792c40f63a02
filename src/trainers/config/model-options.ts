import { z } from 'zod';
import { configGroup } from '../../config/index.ts';
import { count } from './field-types.ts';

/** A decoder made from scratch; names are those of Hugging Face's `config.json`. */
export const fromScratchModel = z.strictObject({
  modelType: z
    .enum(['llama', 'qwen2', 'qwen3'])
    .default('llama')
    .describe('Architecture, and the family transformers loads the saved folder as.'),
  hiddenSize: count.default(256).describe('Model width C.'),
  intermediateSize: count
    .nullable()
    .default(null)
    .describe('Width of the SwiGLU hidden layer; null: 8/3 of hidden_size, rounded up to 32.'),
  numHiddenLayers: count.default(4).describe('Number of decoder layers.'),
  numAttentionHeads: count.default(4).describe('Query heads H.'),
  numKeyValueHeads: count
    .nullable()
    .default(null)
    .describe('Key-value heads K, a divisor of num_attention_heads; null: as many.'),
  headDim: count.nullable().default(null).describe('Width of a head D; null: hidden_size / heads.'),
  maxPositionEmbeddings: count.default(1024).describe('Context length, tokens.'),
  ropeTheta: z.number().gt(0).default(10000).describe('Base of the rotary embedding.'),
  rmsNormEps: z.number().gt(0).default(1e-6).describe('Added to the mean square in RMSNorm.'),
  initializerRange: z
    .number()
    .gt(0)
    .default(0.02)
    .describe('Standard deviation of the initial weights.'),
  tieWordEmbeddings: z
    .boolean()
    .default(true)
    .describe('Use the token embedding as output projection.'),
});

/** Which model is trained, where it computes and with which tokenizer. */
export const modelOptions = configGroup('Model', {
  modelNameOrPath: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Hugging Face model folder, Hub name, or the folder of an earlier run.'),
  modelRevision: z
    .string()
    .min(1)
    .default('main')
    .describe('Hub branch, tag or commit of the model.'),
  model: fromScratchModel
    .nullable()
    .default(null)
    .describe(
      'A model made from scratch instead of loaded: layer sizes under their config.json names.',
    ),
  tokenizer: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Tokenizer folder or Hub name, or `byte` for one token per byte; null: the model’s own.',
    ),
  chatTemplatePath: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Jinja file or tokenizer folder that replaces the chat template.'),
  eosToken: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Token that ends a completion; null: the tokenizer’s.'),
  dtype: z
    .enum(['float32', 'bfloat16'])
    .default('float32')
    .describe(
      'Number format of weights and arithmetic; bfloat16 is trained through float32 master weights.',
    ),
  bf16: z
    .boolean()
    .nullable()
    .default(null)
    .describe('true: the same as dtype: bfloat16; else dtype decides.'),
  device: z
    .string()
    .regex(/^(auto|cpu|cuda(:\d+)?)$/)
    .default('auto')
    .describe('auto | cpu | cuda | cuda:N; auto takes CUDA where libtorch has it.'),
});
