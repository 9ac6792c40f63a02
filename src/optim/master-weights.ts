/**
 * Half-precision training: the model computes in bfloat16, the optimiser in float32. A bfloat16 number has 8 bits of
 * precision, so that an update below 1/512 of a weight would be lost in rounding; in a float32 copy it adds up.
 * Micikevicius et al. 2018, arXiv:1710.03740v3, Section 3.1.
 * - bfloat16 has float32's range, so losses are not scaled.
 */
import { keep, noGrad, type Tensor, tidy } from '../tensor/index.ts';
import { assertSameTensors, type Optimizer, type OptimizerState } from './optimizer.ts';
import type { ParameterGroup } from './parameter-groups.ts';

const prefix = 'master.';

/** A parameter that the model computes with, and the float32 copy that is updated in its place. */
interface Pair {
  readonly name: string;
  readonly parameter: Tensor;
  readonly master: Tensor;
}

const isHalf = ({ dtype }: Tensor): boolean => dtype === 'bfloat16' || dtype === 'float16';

function pairsOf(groups: readonly ParameterGroup[]): Pair[] {
  const wide = (parameter: Tensor) =>
    noGrad(() => tidy(() => keep(parameter.detach().to({ dtype: 'float32' }).contiguous())));
  return groups
    .flatMap(({ parameters }) => [...parameters])
    .filter(([, parameter]) => isHalf(parameter))
    .map(([name, parameter]) => ({ name, parameter, master: wide(parameter) }));
}

/** The groups, with masters in the place of half-precision parameters. */
function withMasters(groups: readonly ParameterGroup[], pairs: readonly Pair[]): ParameterGroup[] {
  const masters = new Map(pairs.map(({ name, master }) => [name, master]));
  return groups.map(({ parameters, weightDecay }) => ({
    parameters: new Map(
      [...parameters].map(([name, parameter]) => [name, masters.get(name) ?? parameter]),
    ),
    weightDecay,
  }));
}

/** Adds the gradient of one backward pass to the float32 sum, and frees it. */
function collect({ parameter, master }: Pair): void {
  tidy(() => {
    const gradient = parameter.grad;
    if (gradient === null) return;
    const sum = master.grad;
    if (sum === null) master.grad = gradient.to({ dtype: 'float32' });
    else sum.add_(gradient);
    parameter.grad = null;
  });
}

/**
 * An optimiser whose half-precision parameters have float32 masters: gradients are summed in float32 over
 * micro-batches, moments and updates are float32, and after each step every parameter is its master rounded. The
 * masters are part of its state. Where all parameters are in full precision, it is the plain one.
 * @param make - Makes the optimiser of given groups.
 */
export function withMasterWeights(
  groups: readonly ParameterGroup[],
  make: (groups: readonly ParameterGroup[]) => Optimizer,
): Optimizer {
  const pairs = pairsOf(groups);
  if (pairs.length === 0) return make(groups);
  const inner = make(withMasters(groups, pairs));
  const masters = new Map(pairs.map(({ name, master }) => [prefix + name, master]));
  const collectGradients = () => noGrad(() => pairs.forEach(collect));
  const round = () =>
    noGrad(() => {
      for (const { parameter, master } of pairs) parameter.copy_(master);
    });
  return {
    parameters: inner.parameters,
    get stepCount() {
      return inner.stepCount;
    },
    collectGradients,
    step(learningRate) {
      collectGradients();
      inner.step(learningRate);
      round();
    },
    zeroGradients() {
      for (const { parameter } of pairs) parameter.grad = null;
      inner.zeroGradients();
    },
    state() {
      const { step, tensors } = inner.state();
      return { step, tensors: new Map([...tensors, ...masters]) };
    },
    load(state) {
      const [own, saved] = split(state);
      assertSameTensors(masters, saved);
      inner.load(own);
      noGrad(() => {
        for (const [name, master] of masters) master.copy_(saved.get(name)!);
      });
      round();
    },
  };
}

/** A state without its masters, and its masters. */
function split({ step, tensors }: OptimizerState): [OptimizerState, Map<string, Tensor>] {
  const parts = (isMaster: boolean) =>
    new Map([...tensors].filter(([name]) => name.startsWith(prefix) === isMaster));
  return [{ step, tensors: parts(false) }, parts(true)];
}
