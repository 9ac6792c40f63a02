import { EngineError } from '../errors.ts';

/** libtorch's scalar type codes. */
const codes = {
  uint8: 0,
  int8: 1,
  int16: 2,
  int32: 3,
  int64: 4,
  float16: 5,
  float32: 6,
  float64: 7,
  bool: 11,
  bfloat16: 15,
} as const;

/** The name of an element type. */
export type DType = keyof typeof codes;

const names = new Map<number, DType>(
  Object.entries(codes).map(([name, code]) => [code, name as DType]),
);

const widths: Record<DType, number> = {
  uint8: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
  bool: 1,
  bfloat16: 2,
};

/** libtorch's code for a dtype. @throws EngineError for a name that is none. */
export function dtypeCode(dtype: DType): number {
  if (Object.hasOwn(codes, dtype)) return codes[dtype];
  throw new EngineError(
    'dtype',
    `unknown dtype '${String(dtype)}', expected one of ${Object.keys(codes).join(', ')}`,
  );
}

/** The dtype behind libtorch's code. @throws EngineError for one that has no name here, such as complex64. */
export function dtypeName(code: number): DType {
  const name = names.get(code);
  if (name === undefined)
    throw new EngineError('dtype', `libtorch's dtype ${code} has no name here`);
  return name;
}

/** Bytes per element. */
export const dtypeBytes = (dtype: DType): number => widths[dtype];

/** Whether elements are floating-point numbers, so that gradients exist. */
export const isFloating = (dtype: DType): boolean =>
  dtype === 'float32' || dtype === 'float64' || dtype === 'bfloat16' || dtype === 'float16';

/** The typed arrays whose elements a tensor can hold. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | Int16Array
  | Int8Array
  | Uint8Array
  | Uint16Array;

/** The dtype whose memory a typed array already has; bfloat16 and float16 travel as Uint16Array by request only. */
export function dtypeOfArray(array: NumericArray): DType {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  if (array instanceof BigInt64Array) return 'int64';
  if (array instanceof Int32Array) return 'int32';
  if (array instanceof Int16Array) return 'int16';
  if (array instanceof Int8Array) return 'int8';
  if (array instanceof Uint8Array) return 'uint8';
  throw new EngineError('tensor', `${array.constructor.name} names no dtype: pass one`);
}

/** An array of the right element width for a tensor of this dtype. */
export function arrayFor(dtype: DType, length: number): NumericArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
    case 'int64':
      return new BigInt64Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'int16':
      return new Int16Array(length);
    case 'int8':
      return new Int8Array(length);
    case 'uint8':
    case 'bool':
      return new Uint8Array(length);
    case 'float16':
    case 'bfloat16':
      return new Uint16Array(length);
  }
}
