import { z } from 'zod';
import { configGroup } from '../../config/index.ts';
import { count, share } from './field-types.ts';

/** The loss: ratio, clipping, aggregation, KL and entropy. */
export const policyLossOptions = configGroup('Policy loss', {
  lossType: z
    .enum(['grpo', 'dr_grpo', 'dapo', 'bnpo', 'cispo', 'sapo', 'rloo', 'reinforce'])
    .default('dapo')
    .describe(
      'Preset. Mean over all tokens: dapo, bnpo, cispo (clips the weight itself); over completions: grpo, sapo (a smooth gate in place of the clip), rloo (leave-one-out baseline, one ratio a completion); dr_grpo: sum / max_completion_length; reinforce: no baseline, no clip.',
    ),
  importanceSamplingLevel: z
    .enum(['token', 'sequence'])
    .default('token')
    .describe('Ratio per token, or one per sequence (GSPO).'),
  epsilon: z
    .number()
    .min(0)
    .default(0.2)
    .describe('Lower clip: the ratio counts down to 1 − epsilon.'),
  epsilonHigh: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .describe(
      'Upper clip, 1 + epsilon_high (cispo: the largest ratio itself); null: epsilon (cispo: 5).',
    ),
  delta: z
    .number()
    .gt(1)
    .nullable()
    .default(null)
    .describe('Largest ratio under a negative advantage (two-sided clip); null: none.'),
  sapoTemperaturePos: z
    .number()
    .gt(0)
    .default(1)
    .describe('Temperature of sapo’s gate where the advantage is positive.'),
  sapoTemperatureNeg: z
    .number()
    .gt(0)
    .default(1.05)
    .describe('Temperature of sapo’s gate elsewhere; larger closes faster.'),
  beta: z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of the KL to the reference model; 0: no reference model is loaded.'),
  klEstimator: z
    .enum(['k1', 'k2', 'k3'])
    .default('k3')
    .describe('Estimator of the KL to the reference model (Schulman’s note).'),
  useBiasCorrectionKl: z
    .boolean()
    .default(false)
    .describe('Multiply the KL by the importance ratio, which makes its gradient unbiased.'),
  entropyCoef: z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of the mean token entropy, as a bonus.'),
  topEntropyQuantile: share
    .default(1)
    .describe('Train only this share of tokens, those of highest entropy; 1: all.'),
  maskTruncatedCompletions: z
    .boolean()
    .default(false)
    .describe('Leave completions cut by max_completion_length out of the loss.'),
  syncRefModel: z
    .boolean()
    .default(false)
    .describe('Move the reference model towards the policy every ref_model_sync_steps.'),
  refModelMixupAlpha: share
    .default(0.6)
    .describe('Share α of the policy in the new reference: α π + (1 − α) π_ref.'),
  refModelSyncSteps: count.default(512).describe('Steps between two moves of the reference model.'),
});
