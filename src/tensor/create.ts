import { markAsUntransferable } from 'node:worker_threads';
import { EngineError } from '../errors.ts';
import { callTensor } from './call-tensor.ts';
import { adopt } from './dispatch.ts';
import { arrayFor, type DType, dtypeCode, dtypeOfArray, type NumericArray } from './dtype.ts';
import type { Generator } from './generator.ts';
import { attempt, native, wire } from './native.ts';
import type { Tensor } from './tensor.ts';

/** Numbers or booleans, nested to any depth, every level of equal length. */
export type NestedNumbers = number | boolean | readonly NestedNumbers[];

export interface CreateOptions {
  dtype?: DType;
  device?: string;
  requiresGrad?: boolean;
}

function shapeOf(values: NestedNumbers): number[] {
  const shape: number[] = [];
  for (let level = values; Array.isArray(level); level = level[0] as NestedNumbers) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

function flatten(
  values: NestedNumbers,
  shape: readonly number[],
  depth: number,
  into: number[],
): void {
  if (Array.isArray(values)) {
    if (values.length !== shape[depth]) {
      throw new EngineError(
        'tensor',
        `ragged array: expected ${shape[depth] ?? 'a number'} at depth ${depth}, found ${values.length} elements`,
      );
    }
    for (const value of values) flatten(value, shape, depth + 1, into);
  } else if (depth !== shape.length) {
    throw new EngineError(
      'tensor',
      `ragged array: expected ${shape[depth]} elements at depth ${depth}, found a number`,
    );
  } else into.push(Number(values));
}

function adoptArray(array: NumericArray, shape: readonly number[], dtype: DType): Tensor {
  return attempt('tensor', () => {
    for (const [axis, size] of shape.entries()) wire[axis] = size;
    return adopt(native.fromArray(array, dtypeCode(dtype), shape.length)) as Tensor;
  });
}

function finish(made: Tensor, { device = 'cpu', requiresGrad = false }: CreateOptions): Tensor {
  const placed = device === 'cpu' ? made : made.to({ device });
  return requiresGrad ? placed.requireGrad() : placed;
}

/** A tensor holding a copy of nested numbers: float32 unless told otherwise, bool for booleans. */
export function tensor(values: NestedNumbers, options: CreateOptions = {}): Tensor {
  const shape = shapeOf(values);
  const flat: number[] = [];
  flatten(values, shape, 0, flat);
  const first = Array.isArray(values) ? values.flat(Infinity as 1)[0] : values;
  const dtype = options.dtype ?? (typeof first === 'boolean' ? 'bool' : 'float32');
  return finish(fromNumbers(flat, shape, dtype), options);
}

function fromNumbers(flat: readonly number[], shape: readonly number[], dtype: DType): Tensor {
  if (dtype === 'bfloat16' || dtype === 'float16') {
    return adoptArray(Float64Array.from(flat), shape, 'float64').to({ dtype });
  }
  const array = arrayFor(dtype, flat.length);
  if (array instanceof BigInt64Array) array.set(flat.map((value) => toBigInt(value)));
  else array.set(dtype === 'bool' ? flat.map((value) => (value ? 1 : 0)) : flat);
  return adoptArray(array, shape, dtype);
}

function toBigInt(value: number): bigint {
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw new EngineError('tensor', `int64 needs whole numbers below 2^53, found ${value}`);
}

/** A tensor holding a copy of a typed array's elements; `dtype` reinterprets the bytes (Uint16Array as bfloat16). */
export function fromTypedArray(
  array: NumericArray,
  shape: readonly number[],
  options: CreateOptions = {},
): Tensor {
  return finish(adoptArray(array, shape, options.dtype ?? dtypeOfArray(array)), options);
}

/**
 * A tensor on a typed array's own memory: no copy, writes show on both sides, the array stays alive with it.
 * Its buffer can no longer be transferred to another thread, which would take the memory away; `ArrayBuffer`'s own
 * `transfer` (Node 22) does so unnoticed, so do not call it.
 */
export function shareTypedArray(array: NumericArray, shape: readonly number[]): Tensor {
  return attempt('shareTypedArray', () => {
    refuseResizable(array.buffer);
    for (const [axis, size] of shape.entries()) wire[axis] = size;
    const id = native.shareArray(array, dtypeCode(dtypeOfArray(array)), shape.length);
    if (array.buffer instanceof ArrayBuffer) markAsUntransferable(array.buffer);
    return adopt(id) as Tensor;
  });
}

function refuseResizable(buffer: ArrayBufferLike): void {
  const { resizable, growable } = buffer as { resizable?: boolean; growable?: boolean };
  if (resizable !== true && growable !== true) return;
  throw new EngineError('shareTypedArray', 'a resizable buffer can lose its memory; copy it');
}

/** Whole numbers as int64, the dtype of token ids. */
export function tokenTensor(
  ids: readonly number[],
  shape: readonly number[],
  device = 'cpu',
): Tensor {
  return finish(fromNumbers(ids, shape, 'int64'), { device });
}

const typeArguments = ({ dtype = 'float32', device = 'cpu' }: CreateOptions) =>
  [dtypeCode(dtype), null, device, false] as const;

/** Every element `value`. */
export function full(shape: readonly number[], value: number, options: CreateOptions = {}): Tensor {
  const made = callTensor('aten::full', shape, value, ...typeArguments(options));
  return options.requiresGrad ? made.requireGrad() : made;
}

export const zeros = (shape: readonly number[], options: CreateOptions = {}): Tensor =>
  full(shape, 0, options);

export const ones = (shape: readonly number[], options: CreateOptions = {}): Tensor =>
  full(shape, 1, options);

/** Memory without values: write before reading. */
export const empty = (shape: readonly number[], options: CreateOptions = {}): Tensor =>
  callTensor('aten::empty.memory_format', shape, ...typeArguments(options), null);

/** start, start + step, … below end; int64 unless told otherwise. */
export function arange(
  start: number,
  end: number,
  { step = 1, dtype = 'int64', device = 'cpu' }: CreateOptions & { step?: number } = {},
): Tensor {
  return callTensor(
    'aten::arange.start_step',
    start,
    end,
    step,
    ...typeArguments({ dtype, device }),
  );
}

/** Independent standard normal values from `generator`. */
export function randn(
  shape: readonly number[],
  generator: Generator,
  options: CreateOptions = {},
): Tensor {
  const made = callTensor('aten::randn.generator', shape, generator, ...typeArguments(options));
  return options.requiresGrad ? made.requireGrad() : made;
}

/** Independent values, uniform on [0, 1), from `generator`. */
export function rand(
  shape: readonly number[],
  generator: Generator,
  options: CreateOptions = {},
): Tensor {
  return callTensor('aten::rand.generator', shape, generator, ...typeArguments(options));
}

/** Independent whole numbers, uniform on [0, end), from `generator`; int64. */
export function randint(end: number, shape: readonly number[], generator: Generator): Tensor {
  return callTensor(
    'aten::randint.generator',
    end,
    shape,
    generator,
    ...typeArguments({ dtype: 'int64' }),
  );
}
