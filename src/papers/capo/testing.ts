/** Gradients to try step models on. */
import { type Generator, randint, randn, type Tensor } from '../../tensor/index.ts';
import type { HeadGradients } from './step-model.ts';

export const softmax = (logits: readonly number[]): number[] => {
  const sum = logits.reduce((total, x) => total + Math.exp(x), 0);
  return logits.map((x) => Math.exp(x) / sum);
};

export interface RandomGradients {
  readonly gradients: HeadGradients;
  readonly advantages: Tensor;
  readonly residuals: Tensor;
  readonly distributions: Tensor;
}

/** Distinct top tokens at every place, a sampled one among them, and normal states and advantages, in float64. */
export function randomGradients(
  generator: Generator,
  sizes: { tokens: number; top: number; width: number; vocabSize: number },
): RandomGradients {
  const { tokens, top, width, vocabSize } = sizes;
  const options = { dtype: 'float64' } as const;
  const [, order] = randn([tokens, vocabSize], generator, options).sort(-1);
  const ids = order.slice(1, 0, top);
  const distributions = randn([tokens, top], generator, options).softmax(-1);
  const chosen = randint(top, [tokens, 1], generator);
  const hit = ids.eq(ids.gather(1, chosen)).to(options);
  const residuals = hit.sub(distributions);
  const advantages = randn([tokens], generator, options);
  const coefficients = residuals.mul(advantages.unsqueeze(-1));
  const states = randn([tokens, width], generator, options);
  return { gradients: { ids, coefficients, states }, advantages, residuals, distributions };
}
