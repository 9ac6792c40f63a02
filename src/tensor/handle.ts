import { type DType, dtypeBytes, dtypeName } from './dtype.ts';
import { attempt, native, wire } from './native.ts';

interface Description {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly nbytes: number;
  readonly isContiguous: boolean;
  readonly requiresGrad: boolean;
  readonly isLeaf: boolean;
}

/** A tensor in the engine, named by its handle, and what can be said of it without computing. */
export class TensorHandle {
  /** The engine's handle; dead after `dispose`, never reused for another tensor. */
  readonly id: number;
  #shape: readonly number[] | undefined;
  #dtype: DType | undefined;

  constructor(id: number) {
    this.id = id;
  }

  #describe(): Description {
    attempt('describe', () => native.describe(this.id));
    const rank = wire[3]!;
    // Neither changes, and who asks for one mostly asks for the other.
    this.#dtype ??= dtypeName(wire[0]!);
    this.#shape ??= Object.freeze([...wire.subarray(8, 8 + rank)]);
    return {
      dtype: this.#dtype,
      nbytes: wire[4]!,
      isContiguous: wire[5] === 1,
      requiresGrad: wire[6] === 1,
      isLeaf: wire[7] === 1,
      shape: this.#shape,
      strides: Object.freeze([...wire.subarray(8 + rank, 8 + 2 * rank)]),
    };
  }

  /** Size of each axis. */
  get shape(): readonly number[] {
    this.#shape ??= this.#describe().shape;
    return this.#shape;
  }

  get dtype(): DType {
    this.#dtype ??= this.#describe().dtype;
    return this.#dtype;
  }

  /** 'cpu' or 'cuda:0'. */
  get device(): string {
    return attempt('device', () => native.deviceName(this.id));
  }

  /** Elements to step over in memory per axis. */
  get strides(): readonly number[] {
    return this.#describe().strides;
  }

  get isContiguous(): boolean {
    return this.#describe().isContiguous;
  }

  get requiresGrad(): boolean {
    return this.#describe().requiresGrad;
  }

  get isLeaf(): boolean {
    return this.#describe().isLeaf;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  /** Bytes its elements take. */
  get nbytes(): number {
    return this.size * dtypeBytes(this.dtype);
  }
}
