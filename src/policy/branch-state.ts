import {
  createCache,
  fillCache,
  type KeyValueCache,
  type Model,
  PackedDecoder,
} from '../models/index.ts';
import { dispose, fromTypedArray, keep, type Tensor, tidy, tokenTensor } from '../tensor/index.ts';

export interface BranchStateOptions {
  readonly prompts: readonly (readonly number[])[];
  /** Tokens that are read after a prompt, at most. */
  readonly maxTokens: number;
  readonly padTokenId: number;
  /** The model laid out, where it is at hand; else it is made, and freed with the state. */
  readonly decoder?: PackedDecoder | undefined;
}

/**
 * What decoding carries from step to step where many rows go on from one prompt, as the beams of a search do: a prompt's
 * keys and values are held once, and only what each row wrote after it is copied when rows are chosen. A prompt is read
 * up to its last token, of the last layer only keys and values; the last token is the first that rows read.
 * For models that `PackedDecoder` fits.
 */
export class BranchState {
  readonly #device: string;
  readonly #last: readonly number[];
  readonly #prompts: KeyValueCache;
  readonly #branches: KeyValueCache;
  readonly #decoder: PackedDecoder;
  readonly #ownsDecoder: boolean;
  /** Padding before each prompt. [P], int64; undefined without padding. */
  readonly #starts: Tensor | undefined;
  #owners: readonly number[];

  constructor(model: Model, { prompts, maxTokens, padTokenId, decoder }: BranchStateOptions) {
    this.#device = model.weights.embedTokens.device;
    this.#last = prompts.map((prompt) => prompt.at(-1)!);
    this.#owners = [...prompts.keys()];
    const length = Math.max(...prompts.map((prompt) => prompt.length)) - 1;
    this.#prompts = createCache(model, { rows: prompts.length, capacity: Math.max(1, length) });
    this.#branches = createCache(model, { rows: prompts.length, capacity: maxTokens });
    this.#decoder = decoder ?? new PackedDecoder(model);
    this.#ownsDecoder = decoder === undefined;
    const padding = prompts.map((prompt) => length + 1 - prompt.length);
    this.#starts = padding.some((count) => count > 0)
      ? keep(tokenTensor(padding, [prompts.length], this.#device))
      : undefined;
    if (length > 0) tidy(() => this.#read(model, prompts, padding, padTokenId));
  }

  /** Reads the prompts, padding as sequences of its own before them. */
  #read(
    model: Model,
    prompts: readonly (readonly number[])[],
    padding: readonly number[],
    padTokenId: number,
  ): void {
    const length = prompts[0]!.length + padding[0]! - 1;
    const shape = [prompts.length, length];
    const tokens = prompts.flatMap((prompt, row) => [
      ...Array<number>(padding[row]!).fill(padTokenId),
      ...prompt.slice(0, -1),
    ]);
    fillCache(model, {
      tokens: tokenTensor(tokens, shape, this.#device),
      segments: this.#starts && segmentsOf(padding, length),
      cache: this.#prompts,
    });
  }

  /** Reads the last token of every prompt. @returns logits of the first tokens. [P, V] */
  prefill(): Tensor {
    return this.next(this.#last);
  }

  /** Reads the token each row drew last. @returns logits of the next ones. [R, V] */
  next(lastTokens: readonly number[]): Tensor {
    const rows = lastTokens.length;
    return this.#decoder.nextOfBranches({
      tokens: tokenTensor(lastTokens, [rows, 1], this.#device),
      prompts: this.#prompts,
      starts: this.#starts,
      owners: tokenTensor(this.#owners, [rows], this.#device),
      branches: this.#branches,
    });
  }

  /** Keeps these rows, in this order; those of one prompt must stand side by side. */
  selectRows(rows: readonly number[]): void {
    tidy(() => this.#branches.selectRows(tokenTensor(rows, [rows.length], this.#device)));
    this.#owners = rows.map((row) => this.#owners[row]!);
  }

  [Symbol.dispose](): void {
    this.#prompts.dispose();
    this.#branches.dispose();
    if (this.#ownsDecoder) this.#decoder[Symbol.dispose]();
    if (this.#starts !== undefined) dispose(this.#starts);
  }
}

/** Each row's padding and its prompt as two sequences that do not see one another. [P, T], int32 */
function segmentsOf(padding: readonly number[], length: number): { starts: Tensor; ends: Tensor } {
  const starts = new Int32Array(padding.length * length);
  const ends = new Int32Array(padding.length * length).fill(length);
  for (const [row, count] of padding.entries()) {
    starts.fill(count, row * length + count, (row + 1) * length);
    ends.fill(count, row * length, row * length + Math.min(count, length));
  }
  const shape = [padding.length, length];
  return { starts: fromTypedArray(starts, shape), ends: fromTypedArray(ends, shape) };
}
