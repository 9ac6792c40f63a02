import { adopt } from './dispatch.ts';
import { attempt, native, wire } from './native.ts';
import { refusePromise } from './refuse-promise.ts';
import type { Tensor } from './tensor.ts';
import { phase } from './trace.ts';

function withGradMode<Result>(enabled: boolean, work: () => Result): Result {
  const before = native.gradMode(enabled);
  try {
    const result = work();
    const operation = enabled ? 'enableGrad' : 'noGrad';
    refusePromise(operation, result, 'wrap only the synchronous part of the work');
    return result;
  } finally {
    native.gradMode(before);
  }
}

/** Runs `work` without recording operations: sampling, evaluation, optimiser updates. */
export const noGrad = <Result>(work: () => Result): Result => withGradMode(false, work);

/** Runs `work` recording operations, inside a `noGrad` for instance. */
export const enableGrad = <Result>(work: () => Result): Result => withGradMode(true, work);

/** How `grad` differentiates. */
export interface GradOptions {
  /** ∂L/∂output; needed unless the output is a scalar. */
  gradient?: Tensor;
  /** Keeps what the forward pass saved, so that it can be differentiated again; as `createGraph` by default. */
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
  const isSeeded = gradient !== undefined;
  phase('backward', () =>
    attempt('grad', () => native.gradients(inputs.length, isSeeded, keepGraph, createGraph)),
  );
  const ids = Array.from(wire.subarray(0, inputs.length));
  return ids.map((id) => (id < 0 ? null : (adopt(id) as Tensor)));
}

/** Whether operations on tensors that require a gradient are being recorded. */
export function gradEnabled(): boolean {
  const before = native.gradMode(true);
  native.gradMode(before);
  return before;
}
