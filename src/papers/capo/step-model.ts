import type { Tensor } from '../../tensor/index.ts';

/** The tokens' gradients on the head, one outer product each: G_n = coefficients_n ⊗ states_n. */
export interface HeadGradients {
  /** Rows of the head that each touches, int64 [N, K]. */
  readonly ids: Tensor;
  /** A·v [N, K]. */
  readonly coefficients: Tensor;
  /** h: what the head reads [N, C]. */
  readonly states: Tensor;
}

/** What an optimiser would make of a gradient, as a model of the head alone. */
export interface StepModel {
  /** u = Ĝ h for each token's gradient alone; changes nothing. [N, K] */
  logitStep(gradients: HeadGradients): Tensor;
  /** Adds the accepted tokens of a micro-batch to what the next `advance` takes in. `accepted`: 1 or 0, [N]. */
  collect(gradients: HeadGradients, accepted: Tensor): void;
  /** Ends an optimiser step. */
  advance(): void;
  /** What a checkpoint must hold; tensors by name. */
  state(): Readonly<Record<string, Tensor>>;
  load(state: Readonly<Record<string, Tensor>>): void;
}

/** Ĝ = G: u = A v ‖h‖². It has no state. */
export const sgdStepModel = (): StepModel => ({
  logitStep: ({ coefficients, states }) =>
    coefficients.mul(states.square().sum(-1, { keepDim: true })),
  collect() {},
  advance() {},
  state: () => ({}),
  load() {},
});
