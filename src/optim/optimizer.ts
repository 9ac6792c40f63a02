import { CheckpointError } from '../errors.ts';
import { noGrad, type Tensor, tidy } from '../tensor/index.ts';
import type { NamedParameters } from './parameter-groups.ts';

/** What an optimiser remembers between steps, to be saved with a checkpoint. */
export interface OptimizerState {
  /** Updates made so far. */
  readonly step: number;
  /** By `<moment>.<parameter's name>`. The optimiser's own memory: save it, do not write to it. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Updates parameters in place from the gradients in their `grad`. A parameter without one is left alone. */
export interface Optimizer {
  /** What is updated, over all groups: every parameter, or its float32 master where it is in half precision. */
  readonly parameters: NamedParameters;
  /** Updates made so far. */
  readonly stepCount: number;
  /** After each backward pass: adds half-precision gradients to float32 sums; does nothing for full precision. */
  collectGradients(): void;
  step(learningRate: number): void;
  /** Drops every gradient. */
  zeroGradients(): void;
  state(): OptimizerState;
  /** Copies a saved state in. @throws CheckpointError when it belongs to other parameters. */
  load(state: OptimizerState): void;
}

/** What makes one kind of optimiser different from another. */
export interface OptimizerParts {
  parameters: NamedParameters;
  tensors: ReadonlyMap<string, Tensor>;
  /** Update number `step`, counted from 1. */
  update(step: number, learningRate: number): void;
}

/** Only half-precision parameters have masters. */
const otherDtype = (name: string): string =>
  name.startsWith('master.')
    ? '; it was saved under another dtype: resume with that, or start anew from its weights'
    : '';

/** @throws CheckpointError naming the first tensor that a saved state lacks, has in another shape or has too much. */
export function assertSameTensors(
  own: ReadonlyMap<string, Tensor>,
  saved: ReadonlyMap<string, Tensor>,
): void {
  for (const [name, tensor] of own) {
    const found = saved.get(name);
    if (found === undefined) {
      throw new CheckpointError(
        `optimiser state: ${name} is missing from the checkpoint${otherDtype(name)}`,
      );
    }
    if (found.shape.join() !== tensor.shape.join()) {
      throw new CheckpointError(
        `optimiser state: ${name} is [${found.shape.join(', ')}] in the checkpoint, ` +
          `expected [${tensor.shape.join(', ')}]; the checkpoint is of another model`,
      );
    }
  }
  const unknown = [...saved.keys()].find((name) => !own.has(name));
  if (unknown !== undefined) {
    throw new CheckpointError(
      `optimiser state: ${unknown} is in the checkpoint but not in this model or optimiser${otherDtype(unknown)}`,
    );
  }
}

/** Gives an update rule its step count, saving and loading. */
export function makeOptimizer({ parameters, tensors, update }: OptimizerParts): Optimizer {
  let stepCount = 0;
  return {
    parameters,
    get stepCount() {
      return stepCount;
    },
    collectGradients() {},
    step(learningRate) {
      noGrad(() => tidy(() => update(stepCount + 1, learningRate)));
      stepCount++;
    },
    zeroGradients() {
      for (const parameter of parameters.values()) parameter.grad = null;
    },
    state: () => ({ step: stepCount, tensors }),
    load(state) {
      assertSameTensors(tensors, state.tensors);
      noGrad(() => {
        for (const [name, tensor] of tensors) tensor.copy_(state.tensors.get(name) as Tensor);
      });
      stepCount = state.step;
    },
  };
}
