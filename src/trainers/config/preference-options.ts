import { z } from 'zod';
import { configGroup } from '../../config/index.ts';
import type { PreferencePresetName } from '../../losses/index.ts';
import { count, share } from './field-types.ts';

/** The names of `preferencePresets`, without loading the engine. */
export const preferenceLossTypes = [
  'sigmoid',
  'sigmoid_norm',
  'robust',
  'softmax',
  'ipo',
  'ipo_paper',
  'hinge',
  'hinge_paper',
  'sft',
  'nll',
] as const satisfies readonly PreferencePresetName[];

/** What a preference pair is, which loss is taken of it, and where the reference comes from. */
export const preferenceOptions = configGroup('Preference loss', {
  lossType: z
    .array(z.enum(preferenceLossTypes))
    .min(1)
    .default(['sigmoid'])
    .describe(
      'Losses that are added up. sigmoid: DPO; robust; softmax: DPO against several worse completions at once (S-DPO); sigmoid_norm: of average tokens; ipo: of average tokens; ipo_paper: summed; hinge: with the reference; hinge_paper: without it, held to it by beta; sft, nll: likelihood of the better completion, averaged over tokens or summed.',
    ),
  lossWeights: z
    .array(z.number().min(0))
    .nullable()
    .default(null)
    .describe('One weight per loss_type; null: all 1.'),
  beta: z
    .number()
    .gt(0)
    .default(0.1)
    .describe('How much the reference holds: β of DPO and hinge, τ of IPO, α of hinge_paper.'),
  labelSmoothing: z
    .number()
    .min(0)
    .lt(0.5)
    .default(0)
    .describe('Share of pairs taken to be swapped (sigmoid, sigmoid_norm, robust).'),
  maxLength: count
    .nullable()
    .default(1024)
    .describe(
      'Tokens kept of prompt and completion, from the start; null: all. Cutting a completion away is an error.',
    ),
  trainSamplingStrategy: z
    .enum(['random', 'sequential'])
    .default('random')
    .describe('Order of pairs within an epoch.'),
  precomputeRefLogProbs: z
    .boolean()
    .default(false)
    .describe(
      'Score all rows with the reference once, before the first step, and keep no reference model.',
    ),
  precomputeRefBatchSize: count
    .nullable()
    .default(null)
    .describe('Pairs scored at a time before the first step; null: those of a micro-batch.'),
  syncRefModel: z
    .boolean()
    .default(false)
    .describe('Move the reference model towards the policy every ref_model_sync_steps.'),
  refModelMixupAlpha: share
    .default(0.6)
    .describe('Share α of the policy in the new reference: α π + (1 − α) π_ref.'),
  refModelSyncSteps: count.default(512).describe('Steps between two moves of the reference model.'),
});
