import { noGrad, type Tensor, tensor, tidy } from '../tensor/index.ts';

/**
 * The gradient of a scalar function by central differences, in float64: what a new loss's gradient is checked with.
 *   ∂f/∂x_i ≈ (f(x + h e_i) − f(x − h e_i)) / 2h, with an error of order h²
 */
export function finiteDifferences(
  value: (x: Tensor) => Tensor,
  at: Tensor,
  { step = 1e-5 }: { step?: number } = {},
): Tensor {
  const numbers = at.toArray();
  const evaluate = (index: number, shift: number) =>
    tidy(() => {
      const moved = numbers.map((x, i) => (i === index ? x + shift : x));
      return value(tensor(moved, { dtype: 'float64' }).reshape(at.shape)).item();
    });
  const slopeOf = (index: number) => (evaluate(index, step) - evaluate(index, -step)) / (2 * step);
  const slopes = noGrad(() => numbers.map((_, index) => slopeOf(index)));
  return tensor(slopes, { dtype: 'float64' }).reshape(at.shape);
}
