import { call, callInPlace, full, type Tensor } from '../tensor/index.ts';

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

/** One AdamW update in place; every implementation computes the formula at `adamW`. */
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

/** AdamW in libtorch's own kernel over all parameters, which reads memory in order, whatever the strides. */
export const fusedAdamW: AdamWUpdate = (lists, hyperparameters) => {
  const { parameters, firstMoments, secondMoments } = lists;
  const gradients = lists.gradients.map((gradient) => gradient.contiguous());
  const { learningRate, beta1, beta2, epsilon, weightDecay, step } = hyperparameters;
  const device = parameters[0]?.device ?? 'cpu';
  const steps = new Array<Tensor>(parameters.length).fill(full([], step, { device }));
  const [amsgrad, maximize, gradientScale, foundInfinity] = [false, false, null, null];
  callInPlace(
    'aten::_fused_adamw_',
    ...[parameters, gradients, firstMoments, secondMoments, [], steps],
    ...[learningRate, beta1, beta2, weightDecay, epsilon],
    ...[amsgrad, maximize, gradientScale, foundInfinity],
  );
};

/** AdamW in this addon's kernel, for float32 and float64 on the CPU. */
export const nativeAdamW: AdamWUpdate = (lists, hyperparameters) => {
  const { parameters, gradients, firstMoments, secondMoments } = lists;
  const { learningRate, beta1, beta2, epsilon, weightDecay, step } = hyperparameters;
  callInPlace(
    'laurel::fused_adamw_',
    ...[parameters, gradients, firstMoments, secondMoments],
    ...[learningRate, beta1, beta2, weightDecay, epsilon, step],
  );
};
