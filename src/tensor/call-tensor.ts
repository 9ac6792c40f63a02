import { EngineError } from '../errors.ts';
import { type Argument, call } from './dispatch.ts';
import { TensorHandle } from './handle.ts';
import type { Tensor } from './tensor.ts';

/** Calls an operator that returns one tensor. */
export function callTensor(name: string, ...values: readonly Argument[]): Tensor {
  const result = call(name, ...values);
  if (result instanceof TensorHandle) return result as Tensor;
  throw new EngineError(name, 'the operator does not return one tensor; use `call`');
}

/** Calls an operator that returns several tensors. */
export function callTensors(name: string, ...values: readonly Argument[]): Tensor[] {
  const result = call(name, ...values);
  if (Array.isArray(result)) return result as Tensor[];
  throw new EngineError(name, 'the operator does not return several tensors; use `call`');
}
