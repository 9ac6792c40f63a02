import { callTensor, callTensors } from './call-tensor.ts';
import { adopt, wrapResultsWith } from './dispatch.ts';
import { arrayFor, type DType, dtypeCode, type NumericArray } from './dtype.ts';
import { Elementwise } from './elementwise.ts';
import { attempt, native } from './native.ts';
import { dispose } from './scope.ts';
import { phase } from './trace.ts';

/** Axes to reduce: one, several, or all when left out. */
export type Axes = number | readonly number[];

export interface ReduceOptions {
  /** Keep reduced axes with size 1. */
  keepDim?: boolean;
}

export interface ConvertOptions {
  dtype?: DType;
  device?: string;
}

const axisList = (axes: Axes | undefined): readonly number[] | undefined =>
  typeof axes === 'number' ? [axes] : axes;

/**
 * An n-dimensional array in the engine. Maths are methods, so that code reads like its formula; `call` reaches
 * the operators that are not listed here.
 */
export class Tensor extends Elementwise {
  /** Accumulated gradient of a leaf, or null. Each read is a new handle on the same memory. */
  get grad(): Tensor | null {
    const id = attempt('grad', () => native.gradOf(this.id));
    return id < 0 ? null : (adopt(id) as Tensor);
  }

  set grad(gradient: Tensor | null) {
    attempt('grad', () => native.setGrad(this.id, gradient === null ? -1 : gradient.id));
  }

  /** Starts or stops recording operations on this leaf; returns it. */
  requireGrad(required = true): this {
    attempt('requireGrad', () => native.setRequiresGrad(this.id, required));
    return this;
  }

  /**
   * Adds the gradient of this scalar (or of ⟨this, gradient⟩) to every leaf's `grad`.
   * @throws EngineError when this tensor has no gradient to give.
   */
  backward({ gradient, keepGraph = false }: { gradient?: Tensor; keepGraph?: boolean } = {}): void {
    const seed = gradient === undefined ? -1 : gradient.id;
    phase('backward', () => attempt('backward', () => native.backward(this.id, seed, keepGraph)));
  }

  /** The only element, as a number. */
  item(): number {
    return attempt('item', () => native.item(this.id));
  }

  /** A copy of the elements in row-major order, in the dtype's own array (bfloat16, float16: raw 16 bits). */
  toTypedArray(): NumericArray {
    const array = arrayFor(this.dtype, this.size);
    attempt('toTypedArray', () => native.copyTo(this.id, array));
    return array;
  }

  /** A copy of the elements in row-major order, as numbers; int64 beyond 2^53 is rounded. */
  toArray(): number[] {
    const { dtype } = this;
    if (dtype === 'float32') return Array.from(this.toTypedArray() as Float32Array);
    // Converting in the engine costs a call, whole numbers in JavaScript a little each.
    if (dtype === 'int64' && this.size <= 256) {
      return Array.from(this.toTypedArray() as BigInt64Array, Number);
    }
    const wide = this.to({ dtype: 'float64' });
    const array = new Float64Array(this.size);
    attempt('toArray', () => native.copyTo(wide.id, array));
    if (wide.id !== this.id) dispose(wide);
    return Array.from(array);
  }

  /** The tensor's own memory, shared: writes show on both sides. Contiguous CPU tensors only. */
  shareMemory(): NumericArray {
    const buffer = attempt('shareMemory', () => native.memoryOf(this.id));
    const like = arrayFor(this.dtype, 0).constructor as new (buffer: ArrayBuffer) => NumericArray;
    return new like(buffer);
  }

  /** Frees the tensor now. Using it afterwards throws. */
  dispose(): void {
    dispose(this);
  }

  [Symbol.dispose](): void {
    dispose(this);
  }

  /** Another dtype or device; the same tensor when nothing changes. */
  to({ dtype, device }: ConvertOptions): Tensor {
    if (device !== undefined && device !== this.device) {
      return callTensor('aten::to.device', this, device, dtypeCode(dtype ?? this.dtype));
    }
    return dtype === undefined || dtype === this.dtype
      ? this
      : callTensor('aten::to.dtype', this, dtypeCode(dtype));
  }

  sum(axes?: Axes, { keepDim = false }: ReduceOptions = {}): Tensor {
    return axes === undefined
      ? callTensor('aten::sum', this)
      : callTensor('aten::sum.dim_IntList', this, axisList(axes), keepDim);
  }

  mean(axes?: Axes, { keepDim = false }: ReduceOptions = {}): Tensor {
    return axes === undefined
      ? callTensor('aten::mean', this)
      : callTensor('aten::mean.dim', this, axisList(axes), keepDim);
  }

  /** Largest element along the axes, or of all. */
  max(axes?: Axes, { keepDim = false }: ReduceOptions = {}): Tensor {
    return callTensor('aten::amax', this, axisList(axes) ?? [], keepDim);
  }

  min(axes?: Axes, { keepDim = false }: ReduceOptions = {}): Tensor {
    return callTensor('aten::amin', this, axisList(axes) ?? [], keepDim);
  }

  /** Standard deviation with `correction` degrees of freedom removed (1: the sample's). */
  std(
    axes?: Axes,
    { keepDim = false, correction = 1 }: ReduceOptions & { correction?: number } = {},
  ): Tensor {
    return callTensor('aten::std.correction', this, axisList(axes) ?? null, correction, keepDim);
  }

  argmax(axis?: number, { keepDim = false }: ReduceOptions = {}): Tensor {
    return callTensor('aten::argmax', this, axis ?? null, keepDim);
  }

  any(): Tensor {
    return callTensor('aten::any', this);
  }

  all(): Tensor {
    return callTensor('aten::all', this);
  }

  cumsum(axis: number): Tensor {
    return callTensor('aten::cumsum', this, axis);
  }

  logsumexp(axes: Axes, { keepDim = false }: ReduceOptions = {}): Tensor {
    return callTensor('aten::logsumexp', this, axisList(axes), keepDim);
  }

  softmax(axis: number): Tensor {
    return callTensor('aten::softmax.int', this, axis);
  }

  logSoftmax(axis: number): Tensor {
    return callTensor('aten::log_softmax.int', this, axis);
  }

  /** The k largest along the last axis: values and indices, both [..., k]. */
  topk(k: number): [values: Tensor, indices: Tensor] {
    return callTensors('aten::topk', this, k) as [Tensor, Tensor];
  }

  sort(
    axis = -1,
    { descending = false }: { descending?: boolean } = {},
  ): [values: Tensor, indices: Tensor] {
    return callTensors('aten::sort', this, axis, descending) as [Tensor, Tensor];
  }

  matmul(other: Tensor): Tensor {
    return callTensor('aten::matmul', this, other);
  }

  /** The same memory in another shape; throws where only a copy could do it. */
  view(shape: readonly number[]): Tensor {
    return callTensor('aten::view', this, shape);
  }

  /** Another shape, copying only when needed. */
  reshape(shape: readonly number[]): Tensor {
    return callTensor('aten::reshape', this, shape);
  }

  transpose(first: number, second: number): Tensor {
    return callTensor('aten::transpose.int', this, first, second);
  }

  permute(order: readonly number[]): Tensor {
    return callTensor('aten::permute', this, order);
  }

  unsqueeze(axis: number): Tensor {
    return callTensor('aten::unsqueeze', this, axis);
  }

  squeeze(axis: number): Tensor {
    return callTensor('aten::squeeze.dim', this, axis);
  }

  /** Repeats axes of size 1 without copying; −1 keeps an axis. */
  expand(shape: readonly number[]): Tensor {
    return callTensor('aten::expand', this, shape);
  }

  repeatInterleave(repeats: number, axis: number): Tensor {
    return callTensor('aten::repeat_interleave.self_int', this, repeats, axis);
  }

  contiguous(): Tensor {
    return callTensor('aten::contiguous', this);
  }

  narrow(axis: number, start: number, length: number): Tensor {
    return callTensor('aten::narrow', this, axis, start, length);
  }

  /** One position of an axis, which goes away. */
  select(axis: number, index: number): Tensor {
    return callTensor('aten::select.int', this, axis, index);
  }

  slice(axis: number, start?: number, end?: number): Tensor {
    return callTensor('aten::slice.Tensor', this, axis, start ?? null, end ?? null);
  }

  indexSelect(axis: number, index: Tensor): Tensor {
    return callTensor('aten::index_select', this, axis, index);
  }

  gather(axis: number, index: Tensor): Tensor {
    return callTensor('aten::gather', this, axis, index);
  }

  /** A copy with `source` written where `index` says along the axis. */
  scatter(axis: number, index: Tensor, source: Tensor): Tensor {
    return callTensor('aten::scatter.src', this, axis, index, source);
  }

  /** A copy with the rows of `source` written at `index` along the axis. */
  indexCopy(axis: number, index: Tensor, source: Tensor): Tensor {
    return callTensor('aten::index_copy', this, axis, index, source);
  }

  clone(): Tensor {
    return callTensor('aten::clone', this);
  }

  /** The same values, cut off from the gradient. */
  detach(): Tensor {
    return callTensor('aten::detach', this);
  }
}

wrapResultsWith((id) => new Tensor(id));
