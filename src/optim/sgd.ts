import { callInPlace, type Tensor } from '../tensor/index.ts';
import { withMasterWeights } from './master-weights.ts';
import { makeOptimizer, type Optimizer } from './optimizer.ts';
import {
  allParameters,
  type ParameterGroup,
  uniformGroups,
  withGradients,
  zerosLike,
} from './parameter-groups.ts';

export interface SgdOptions {
  /** μ: how much of the last step is repeated; 0 keeps no state. */
  readonly momentum?: number;
}

/**
 * Stochastic gradient descent.
 *   b ← μ b + g + λ θ,   θ ← θ − η b
 * As `torch.optim.SGD`, without dampening and Nesterov's variant.
 * - Parameters in half precision are updated through float32 masters (`withMasterWeights`).
 */
export const sgd = (groups: readonly ParameterGroup[], options: SgdOptions = {}): Optimizer =>
  withMasterWeights(groups, (wide) => plainSgd(wide, options));

function plainSgd(groups: readonly ParameterGroup[], { momentum = 0 }: SgdOptions): Optimizer {
  const parameters = allParameters(groups);
  const buffers = momentum === 0 ? new Map<string, Tensor>() : zerosLike(parameters);
  const uniform = uniformGroups(groups);
  return makeOptimizer({
    parameters,
    tensors: new Map([...buffers].map(([name, tensor]) => [`momentum_buffer.${name}`, tensor])),
    update(_step, learningRate) {
      for (const group of uniform) updateGroup(group, { buffers, momentum, learningRate });
    },
  });
}

interface SgdUpdate {
  buffers: ReadonlyMap<string, Tensor>;
  momentum: number;
  learningRate: number;
}

function updateGroup(
  { parameters: members, weightDecay }: ParameterGroup,
  { buffers, momentum, learningRate }: SgdUpdate,
): void {
  const { parameters, gradients, names } = withGradients(members);
  if (parameters.length === 0) return;
  const steps = momentum === 0 ? gradients : names.map((name) => buffers.get(name) as Tensor);
  if (momentum !== 0) {
    callInPlace('aten::_foreach_mul_.Scalar', steps, momentum);
    callInPlace('aten::_foreach_add_.List', steps, gradients, 1);
    callInPlace('aten::_foreach_add_.List', steps, parameters, weightDecay);
    callInPlace('aten::_foreach_add_.List', parameters, steps, -learningRate);
    return;
  }
  callInPlace('aten::_foreach_mul_.Scalar', parameters, 1 - learningRate * weightDecay);
  callInPlace('aten::_foreach_add_.List', parameters, steps, -learningRate);
}
