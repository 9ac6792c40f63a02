import { expect } from 'vitest';
import { type ModelConfig, parseModelConfig } from '../../src/models/model-config.ts';
import { cat, type DType, Generator, grad, randn, type Tensor } from '../../src/tensor/index.ts';

const generator = new Generator(3);

/** Normal numbers, others at every call. */
export const random = (shape: readonly number[], dtype: DType = 'float32'): Tensor =>
  randn(shape, generator).to({ dtype });

/** Compares by the largest difference, as a share of the largest number or of 1. */
export function expectClose(found: Tensor, expected: Tensor, within = 2e-6): void {
  expect(found.shape).toEqual(expected.shape);
  const scale = Math.max(1, expected.abs().max().item());
  expect(found.sub(expected).abs().max().item() / scale).toBeLessThan(within);
}

/** Values, gradients and gradients of gradients of two functions of the same leaves. */
export function expectSameFunction(
  inputs: readonly Tensor[],
  one: (...inputs: Tensor[]) => Tensor,
  other: (...inputs: Tensor[]) => Tensor,
): void {
  const leaves = inputs.map((input) => input.detach().requireGrad());
  const weight = random(other(...leaves).shape, inputs[0]!.dtype);
  const differentiate = (f: typeof one) => {
    const value = f(...leaves);
    const first = grad(value.mul(weight).sum(), leaves) as Tensor[];
    const again = grad(
      f(...leaves)
        .mul(weight)
        .sum(),
      leaves,
      { createGraph: true },
    ) as Tensor[];
    const penalty = cat(again.map((part) => part.square().reshape([-1]))).sum();
    return [value, ...first, ...again, ...(grad(penalty, leaves) as Tensor[])];
  };
  const expected = differentiate(other);
  for (const [i, found] of differentiate(one).entries()) expectClose(found, expected[i]!, 2e-5);
}

/** A model of one layer with these heads. */
export const configOf = (heads: number, keyHeads: number, headDim: number): ModelConfig =>
  parseModelConfig(
    {
      model_type: 'llama',
      vocab_size: 8,
      hidden_size: 32,
      intermediate_size: 32,
      num_hidden_layers: 1,
      num_attention_heads: heads,
      num_key_value_heads: keyHeads,
      head_dim: headDim,
      max_position_embeddings: 64,
    },
    'the test model',
  );
