import { EngineError } from '../errors.ts';
import { adopt } from './dispatch.ts';
import { native, wire } from './native.ts';
import type { Tensor } from './tensor.ts';

function withGradMode<Result>(enabled: boolean, work: () => Result): Result {
  const before = native.gradMode(enabled);
  try {
    const result = work();
    if (typeof (result as { then?: unknown } | null)?.then === 'function') {
      throw new EngineError(
        'noGrad',
        'the callback returned a promise; gradient mode is per call, so wrap only the synchronous part',
      );
    }
    return result;
  } finally {
    native.gradMode(before);
  }
}

/** Runs `work` without recording operations: sampling, evaluation, optimiser updates. */
export const noGrad = <Result>(work: () => Result): Result => withGradMode(false, work);

/** Runs `work` recording operations, inside a `noGrad` for instance. */
export const enableGrad = <Result>(work: () => Result): Result => withGradMode(true, work);

export interface GradOptions {
  /** ∂L/∂output; needed unless the output is a scalar. */
  gradient?: Tensor;
  keepGraph?: boolean;
  /** Makes the gradients differentiable themselves. */
  createGraph?: boolean;
}

/**
 * ∂output/∂input for each input, without touching any `grad`; null for an input that was not used.
 */
export function grad(
  output: Tensor,
  inputs: readonly Tensor[],
  { gradient, createGraph = false, keepGraph = createGraph }: GradOptions = {},
): (Tensor | null)[] {
  const handles = [output, ...(gradient === undefined ? [] : [gradient]), ...inputs];
  for (const [position, handle] of handles.entries()) wire[position] = handle.id;
  try {
    native.gradients(inputs.length, gradient !== undefined, keepGraph, createGraph);
  } catch (cause) {
    throw EngineError.from('grad', cause);
  }
  const ids = Array.from(wire.subarray(0, inputs.length));
  return ids.map((id) => (id < 0 ? null : (adopt(id) as Tensor)));
}

/** Whether operations on tensors that require a gradient are being recorded. */
export function gradEnabled(): boolean {
  const before = native.gradMode(true);
  native.gradMode(before);
  return before;
}
