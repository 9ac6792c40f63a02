import type { TokenFilter } from '../../policy/index.ts';
import type { CapoConfig } from './capo-options.ts';
import { capoTokenFilter } from './capo-token-filter.ts';
import { SparseAdam } from './sparse-adam.ts';
import { headAdamStepModel, type StepModel, sgdStepModel } from './step-model.ts';

/** What of a run the filter must know. */
export interface CapoSetting {
  /** Rows of the head. */
  readonly vocabSize: number;
  readonly temperature: number;
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly adamEpsilon: number;
}

function stepModelOf(type: CapoConfig['optimModelType'], setting: CapoSetting): StepModel {
  const { vocabSize, adamBeta1: beta1, adamBeta2: beta2, adamEpsilon: epsilon } = setting;
  if (type === 'sgd') return sgdStepModel();
  const coefficients = { beta1, beta2, epsilon };
  return type === 'adam'
    ? new SparseAdam({ vocabSize, ...coefficients })
    : headAdamStepModel(coefficients);
}

/** The filter that resolved options mean. */
export function makeCapoFilter(options: CapoConfig, setting: CapoSetting): TokenFilter {
  return capoTokenFilter({
    objectiveBound: options.hessianTokenMaskTau,
    policyBound: options.fisherTokenMaskTau,
    objectiveSide: options.hessianSymmetricClipping ? 'symmetric' : 'one-sided',
    stepModel: stepModelOf(options.optimModelType, setting),
    level: options.filterLevel,
    topTokens: options.filterTopK,
    temperature: setting.temperature,
  });
}
