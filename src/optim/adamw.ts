import type { Tensor } from '../tensor/index.ts';
import type { AdamWLists } from './adamw-update.ts';
import { type AdamWImplementation, chooseAdamW } from './choose-adamw.ts';
import { withMasterWeights } from './master-weights.ts';
import { makeOptimizer, type Optimizer } from './optimizer.ts';
import {
  allParameters,
  type ParameterGroup,
  uniformGroups,
  withGradients,
  zerosLike,
} from './parameter-groups.ts';

export interface AdamWOptions {
  /** β₁: decay of the first moment. */
  readonly beta1?: number;
  /** β₂: decay of the second moment. */
  readonly beta2?: number;
  /** ε: added to the root of the second moment. */
  readonly epsilon?: number;
  /** By default the fastest that runs for a parameter's dtype and device. */
  readonly implementation?: AdamWImplementation;
}

type Moments = ReadonlyMap<string, Tensor>;

const prefixed = (prefix: string, tensors: Moments): [string, Tensor][] =>
  [...tensors].map(([name, tensor]) => [`${prefix}.${name}`, tensor]);

const select = (tensors: Moments, names: readonly string[]): Tensor[] =>
  names.map((name) => tensors.get(name) as Tensor);

function listsOf({ parameters }: ParameterGroup, first: Moments, second: Moments): AdamWLists {
  const { names, ...lists } = withGradients(parameters);
  return { ...lists, firstMoments: select(first, names), secondMoments: select(second, names) };
}

/**
 * AdamW.
 *   m ← β₁ m + (1−β₁) g,   v ← β₂ v + (1−β₂) g²
 *   θ ← θ − η λ θ − η m̂ / (√v̂ + ε),   m̂ = m / (1−β₁ᵗ),   v̂ = v / (1−β₂ᵗ)
 * Loshchilov and Hutter 2019, arXiv:1711.05101v3, Algorithm 2, with λ scaled by η as in PyTorch.
 * - t counts updates of the optimiser, not of each parameter: one that first gets a gradient late is corrected less.
 * - Parameters in half precision are updated through float32 masters, with float32 moments (`withMasterWeights`).
 */
export const adamW = (groups: readonly ParameterGroup[], options: AdamWOptions = {}): Optimizer =>
  withMasterWeights(groups, (wide) => plainAdamW(wide, options));

function plainAdamW(
  groups: readonly ParameterGroup[],
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, implementation }: AdamWOptions,
): Optimizer {
  const parameters = allParameters(groups);
  const [first, second] = [zerosLike(parameters), zerosLike(parameters)];
  const updates = uniformGroups(groups).map((group) => ({
    group,
    apply: chooseAdamW(group, implementation),
  }));
  return makeOptimizer({
    parameters,
    tensors: new Map([...prefixed('exp_avg', first), ...prefixed('exp_avg_sq', second)]),
    update(step, learningRate) {
      for (const { group, apply } of updates) {
        const { weightDecay } = group;
        const lists = listsOf(group, first, second);
        if (lists.parameters.length === 0) continue;
        apply(lists, { learningRate, beta1, beta2, epsilon, weightDecay, step });
      }
    },
  });
}
