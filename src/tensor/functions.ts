import { ShapeError } from '../errors.ts';
import { callTensor } from './call-tensor.ts';
import type { Operand } from './elementwise.ts';
import type { Generator } from './generator.ts';
import type { Tensor } from './tensor.ts';

/** Element by element, `yes` where the condition is true and `no` elsewhere. */
export function where(condition: Tensor, yes: Operand, no: Operand): Tensor {
  return callTensor('aten::where.self', condition, yes, no);
}

export const minimum = (a: Tensor, b: Operand): Tensor => callTensor('aten::minimum', a, b);

export const maximum = (a: Tensor, b: Operand): Tensor => callTensor('aten::maximum', a, b);

/** Joins tensors along an existing axis. */
export const cat = (tensors: readonly Tensor[], axis = 0): Tensor =>
  callTensor('aten::cat', tensors, axis);

/** Joins tensors along a new axis. */
export const stack = (tensors: readonly Tensor[], axis = 0): Tensor =>
  callTensor('aten::stack', tensors, axis);

/** Rows of `weight` [V, C] picked by `ids` [...] → [..., C]. */
export const embedding = (weight: Tensor, ids: Tensor): Tensor =>
  callTensor('aten::embedding', weight, ids);

/** x Wᵀ + b, with x [..., in], W [out, in], b [out]. */
export const linear = (x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor =>
  callTensor('laurel::linear', x, weight, bias ?? null);

/** One index per row drawn in proportion to the row's weights [B, V] → [B, 1]. */
export const multinomial = (weights: Tensor, generator: Generator): Tensor =>
  callTensor('aten::multinomial', weights, 1, false, generator);

/**
 * Root-mean-square normalisation over the last axis.
 *   y = x / √(mean(x²) + ε) · g
 * Zhang and Sennrich 2019, arXiv:1910.07467v1, Eq. 4. Computed in float32 as the published models do.
 */
export const rmsNorm = (x: Tensor, weight: Tensor, epsilon: number): Tensor =>
  callTensor('laurel::rms_norm', x, weight, epsilon);

/** `rmsNorm` from elementary operators. */
export function composedRmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor {
  const wide = x.dtype === 'float64' ? x : x.to({ dtype: 'float32' });
  const scale = wide.square().mean(-1, { keepDim: true }).add(epsilon).rsqrt();
  return wide.mul(scale).to({ dtype: x.dtype }).mul(weight);
}

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Refuses tensors of unequal shapes, which would otherwise broadcast in silence. @throws ShapeError naming each. */
export function assertSameShape(
  operation: string,
  tensors: Readonly<Record<string, Tensor>>,
): void {
  const shapes = Object.entries(tensors).map(
    ([name, { shape }]) => [name, shapeText(shape)] as const,
  );
  if (new Set(shapes.map(([, shape]) => shape)).size <= 1) return;
  const listed = shapes.map(([name, shape]) => `${name} ${shape}`).join(', ');
  throw new ShapeError(`${operation}: shapes differ: ${listed}`);
}
