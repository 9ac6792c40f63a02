import { z } from 'zod';
import { CheckpointError } from '../../errors.ts';
import type { LoraConfig } from './adapters.ts';

/** The file that makes a folder an adapter's. */
export const adapterConfigName = 'adapter_config.json';

const patterns = z.record(z.string(), z.number().positive()).nullish();

/** What of PEFT's LoraConfig changes the arithmetic. Only these values are computed here. */
const schema = z.looseObject({
  peft_type: z.literal('LORA'),
  base_model_name_or_path: z.string().nullish(),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).lt(1).default(0),
  target_modules: z.union([z.string(), z.array(z.string())]),
  use_rslora: z.boolean().default(false),
  rank_pattern: patterns,
  alpha_pattern: patterns,
  use_dora: z.literal(false).optional(),
  lora_bias: z.literal(false).optional(),
  bias: z.literal('none').optional(),
  fan_in_fan_out: z.literal(false).optional(),
  modules_to_save: z.union([z.null(), z.tuple([])]).optional(),
  target_parameters: z.union([z.null(), z.tuple([])]).optional(),
  trainable_token_indices: z.null().optional(),
  layer_replication: z.null().optional(),
  megatron_config: z.null().optional(),
  use_qalora: z.literal(false).optional(),
  alora_invocation_tokens: z.null().optional(),
  arrow_config: z.null().optional(),
  kasa_config: z.null().optional(),
  monteclora_config: z.null().optional(),
  velora_config: z.null().optional(),
  use_bdlora: z.union([z.null(), z.literal(false)]).optional(),
  // The other ways to start change the base's weights too, which the saved matrices alone do not tell.
  init_lora_weights: z.union([z.boolean(), z.enum(['gaussian', 'eva', 'orthogonal'])]).optional(),
});

/** Keys that are written from the configuration itself. */
const own = new Set([
  'peft_type',
  'base_model_name_or_path',
  'r',
  'lora_alpha',
  'lora_dropout',
  'target_modules',
  'use_rslora',
]);

/**
 * Reads PEFT's adapter_config.json.
 * @throws CheckpointError naming the key, for another kind of adapter or a feature that is not computed here.
 */
export function parseAdapterConfig(json: unknown, where: string): LoraConfig {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new CheckpointError(
      `${where}: only plain LoRA on projections is supported:\n${z.prettifyError(parsed.error)}`,
    );
  }
  const found = parsed.data;
  return {
    rank: found.r,
    alpha: found.lora_alpha,
    dropout: found.lora_dropout,
    targetModules: found.target_modules,
    useRslora: found.use_rslora,
    baseModel: found.base_model_name_or_path ?? null,
    further: Object.fromEntries(Object.entries(found).filter(([key]) => !own.has(key))),
  };
}

/** The adapter_config.json that PEFT reads back as this configuration. */
export const formatAdapterConfig = (config: LoraConfig): Record<string, unknown> => ({
  task_type: 'CAUSAL_LM',
  bias: 'none',
  fan_in_fan_out: false,
  inference_mode: true,
  init_lora_weights: true,
  modules_to_save: null,
  ...config.further,
  peft_type: 'LORA',
  base_model_name_or_path: config.baseModel,
  r: config.rank,
  lora_alpha: config.alpha,
  lora_dropout: config.dropout,
  target_modules: config.targetModules,
  use_rslora: config.useRslora,
});

/** The value of the first pattern that a module's name ends with, by PEFT's rule; else the default. */
function byPattern(
  further: LoraConfig['further'],
  key: 'rank_pattern' | 'alpha_pattern',
  module: string,
  otherwise: number,
): number {
  const entries = Object.entries((further[key] as Record<string, number> | null | undefined) ?? {});
  const found = entries.find(([pattern]) => new RegExp(`^(?:.*\\.)?(?:${pattern})$`).test(module));
  return found?.[1] ?? otherwise;
}

/** r and α of one module. */
export const rankAndAlpha = (
  { rank, alpha, further }: LoraConfig,
  module: string,
): { rank: number; alpha: number } => ({
  rank: byPattern(further, 'rank_pattern', module, rank),
  alpha: byPattern(further, 'alpha_pattern', module, alpha),
});
