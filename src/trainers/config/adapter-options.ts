import { z } from 'zod';
import { type CheckProblem, configGroup } from '../../config/index.ts';
import { count } from './field-types.ts';

/** Whether low-rank adapters are trained instead of the weights; TRL's model options. TypeScript gives a policy with them. */
export const adapterOptions = configGroup('Adapters (LoRA)', {
  usePeft: z
    .boolean()
    .default(false)
    .describe('Train LoRA adapters on frozen weights, saved in PEFT’s format.'),
  loraR: count.default(16).describe('Rank r of the adapters.'),
  loraAlpha: z
    .number()
    .gt(0)
    .default(32)
    .describe('α: the adapters’ output is scaled by α / r (use_rslora: α / √r).'),
  loraDropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.05)
    .describe('Share of an adapter’s inputs zeroed while training.'),
  loraTargetModules: z
    .array(z.string().min(1))
    .nullable()
    .default(null)
    .describe(
      'Modules with adapters: ends of names such as `q_proj`, or `all-linear`, or one regular expression; null: `q_proj`, `v_proj`.',
    ),
  useRslora: z.boolean().default(false).describe('Scale by α / √r (rank-stabilised).'),
});

interface AdapterOptions {
  usePeft: boolean;
  model: object | null;
  syncRefModel?: boolean;
}

/** Adapters belong to weights that are saved somewhere, and their reference does not move. */
export function checkAdapters({ usePeft, model, syncRefModel }: AdapterOptions): CheckProblem[] {
  if (!usePeft) return [];
  const problems: CheckProblem[] = [];
  if (model !== null) {
    const message =
      'adapters are trained on a saved model: train `model` without use_peft first, then name its run as model_name_or_path';
    problems.push({ at: 'usePeft', message });
  }
  if (syncRefModel === true) {
    const message =
      'with use_peft the reference is the model below the adapters, which does not move; set it to false';
    problems.push({ at: 'syncRefModel', message });
  }
  return problems;
}
