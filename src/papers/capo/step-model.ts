import type { HeadMoments } from '../../policy/index.ts';
import { callTensor, type Tensor } from '../../tensor/index.ts';

/** The tokens' gradients on the head, one outer product each: G_n = coefficients_n ⊗ states_n. */
export interface HeadGradients {
  /** Rows of the head that each touches, int64 [N, K]; −1 for none. */
  readonly ids: Tensor;
  /** A·v [N, K]. */
  readonly coefficients: Tensor;
  /** h: what the head reads [N, C]. */
  readonly states: Tensor;
}

/** What an optimiser would make of a gradient, as a model of the head alone. */
export interface StepModel {
  /** Whether it reads the moments of the optimiser itself. */
  readonly needsHeadMoments?: boolean;
  /** u = Ĝ h for each token's gradient alone; changes nothing. [N, K] */
  logitStep(gradients: HeadGradients, headMoments?: HeadMoments): Tensor;
  /** Adds the accepted tokens of a micro-batch to what the next `advance` takes in. `accepted`: 1 or 0, [N]. */
  collect(gradients: HeadGradients, accepted: Tensor): void;
  /** Ends an optimiser step. */
  advance(): void;
  /** Forgets what was collected since the last step. */
  discard(): void;
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
  discard() {},
  state: () => ({}),
  load() {},
});

export interface AdamCoefficients {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/**
 * Adam's step from the moments that the optimiser really holds, read and not changed. Leaves out what happens to the
 * whole gradient (its other tokens, clipping, weight decay). Before the first update, Ĝ = G.
 */
export const headAdamStepModel = ({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
}: AdamCoefficients = {}): StepModel => ({
  ...sgdStepModel(),
  needsHeadMoments: true,
  logitStep(gradients, moments) {
    if (moments === undefined || moments.step === 0) return sgdStepModel().logitStep(gradients);
    const { ids, coefficients, states } = gradients;
    const [correction1, correction2] = [beta1, beta2].map((beta) => 1 - beta ** (moments.step + 1));
    return callTensor(
      'laurel::row_adam_products',
      states,
      coefficients,
      ids.clamp(0),
      moments.first,
      moments.second,
      beta1,
      beta2,
      correction1,
      correction2,
      epsilon,
    );
  },
});
