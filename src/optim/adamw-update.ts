import { call, callInPlace, full, hasOperator, type Tensor, tidy, zeros } from '../tensor/index.ts';

/** Lists of equal length, one place per parameter. */
export interface AdamWLists {
  readonly parameters: readonly Tensor[];
  readonly gradients: readonly Tensor[];
  readonly firstMoments: readonly Tensor[];
  readonly secondMoments: readonly Tensor[];
}

export interface AdamWHyperparameters {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Number of this update, counted from 1. */
  readonly step: number;
}

/** One AdamW update in place. Both implementations compute the formula at `adamW`. */
export type AdamWUpdate = (lists: AdamWLists, hyperparameters: AdamWHyperparameters) => void;

/**
 * AdamW by list operators: one call for all parameters per operation.
 *   √v̂ + ε = (√v + ε √(1−β₂ᵗ)) / √(1−β₂ᵗ), so the bias correction of v goes into the step size.
 */
export const foreachAdamW: AdamWUpdate = (lists, hyperparameters) => {
  const { parameters, gradients, firstMoments, secondMoments } = lists;
  const { learningRate, beta1, beta2, epsilon, weightDecay, step } = hyperparameters;
  const correction1 = 1 - beta1 ** step;
  const correction2 = Math.sqrt(1 - beta2 ** step);
  if (weightDecay !== 0) {
    callInPlace('aten::_foreach_mul_.Scalar', parameters, 1 - learningRate * weightDecay);
  }
  callInPlace('aten::_foreach_mul_.Scalar', firstMoments, beta1);
  callInPlace('aten::_foreach_add_.List', firstMoments, gradients, 1 - beta1);
  callInPlace('aten::_foreach_mul_.Scalar', secondMoments, beta2);
  callInPlace('aten::_foreach_addcmul_.Scalar', secondMoments, gradients, gradients, 1 - beta2);
  const divisors = call('aten::_foreach_sqrt', secondMoments) as Tensor[];
  callInPlace('aten::_foreach_add_.Scalar', divisors, epsilon * correction2);
  const stepSize = (learningRate * correction2) / correction1;
  callInPlace('aten::_foreach_addcdiv_.Scalar', parameters, firstMoments, divisors, -stepSize);
};

/** AdamW in one kernel over all parameters, where libtorch has it for their device. */
export const fusedAdamW: AdamWUpdate = (lists, hyperparameters) => {
  const { parameters, gradients, firstMoments, secondMoments } = lists;
  const { learningRate, beta1, beta2, epsilon, weightDecay, step } = hyperparameters;
  const device = parameters[0]?.device ?? 'cpu';
  const steps = new Array<Tensor>(parameters.length).fill(full([], step, { device }));
  callInPlace(
    'aten::_fused_adamw_',
    parameters,
    gradients,
    firstMoments,
    secondMoments,
    [],
    steps,
    learningRate,
    beta1,
    beta2,
    weightDecay,
    epsilon,
    false,
    false,
    null,
    null,
  );
};

const trial = { learningRate: 0, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, step: 1 };

const fusedByDevice = new Map<string, boolean>();

/** Whether the fused kernel exists and runs on a device: early 2.x libtorch have the schema but no CPU kernel. */
export function fusedAdamWRuns(device: string): boolean {
  const known = fusedByDevice.get(device);
  if (known !== undefined) return known;
  const runs = hasOperator('aten::_fused_adamw_') && tryFused(device);
  fusedByDevice.set(device, runs);
  return runs;
}

function tryFused(device: string): boolean {
  return tidy(() => {
    const one = () => [zeros([1], { device })];
    const lists = {
      parameters: one(),
      gradients: one(),
      firstMoments: one(),
      secondMoments: one(),
    };
    try {
      fusedAdamW(lists, trial);
      return true;
    } catch {
      return false;
    }
  });
}
