import {
  createCache,
  fillCache,
  type KeyValueCache,
  type Model,
  PackedDecoder,
  type StepOutput,
} from '../models/index.ts';
import { dispose, fromTypedArray, keep, type Tensor, tidy, tokenTensor } from '../tensor/index.ts';

export interface BranchStateOptions {
  readonly prompts: readonly (readonly number[])[];
  /** Tokens that are read after a prompt, at most. */
  readonly maxTokens: number;
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

  constructor(model: Model, { prompts, maxTokens, decoder }: BranchStateOptions) {
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
    if (length > 0) tidy(() => this.#read(model, prompts, padding));
  }

  /** Reads the prompts packed into one row, so that no padding is computed. */
  #read(model: Model, prompts: readonly (readonly number[])[], padding: readonly number[]): void {
    const read = prompts.map((prompt) => prompt.slice(0, -1));
    const count = read.reduce((sum, { length }) => sum + length, 0);
    const at = (numbersOf: (row: number, place: number) => number) =>
      tokenTensor(
        read.flatMap((prompt, row) => prompt.map((_, place) => numbersOf(row, place))),
        [count],
        this.#device,
      );
    fillCache(model, {
      tokens: at((row, place) => read[row]![place]!).unsqueeze(0),
      segments: segmentsOf(read),
      cache: this.#prompts.packed({
        rows: at((row) => row),
        places: at((row, place) => padding[row]! + place),
        length: prompts[0]!.length + padding[0]! - 1,
      }),
    });
  }

  /** Reads the last token of every prompt. @returns logits of the first tokens [P, V], or states before them [P, C]. */
  prefill(output: StepOutput = 'logits'): Tensor {
    return this.next(this.#last, output);
  }

  /** Reads the token each row drew last. @returns logits of the next ones [R, V], or states before them [R, C]. */
  next(lastTokens: readonly number[], output: StepOutput = 'logits'): Tensor {
    const rows = lastTokens.length;
    const inputs = {
      tokens: tokenTensor(lastTokens, [rows, 1], this.#device),
      prompts: this.#prompts,
      starts: this.#starts,
      owners: tokenTensor(this.#owners, [rows], this.#device),
      branches: this.#branches,
    };
    return this.#decoder.nextOfBranches(inputs, output);
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

/** Each prompt a sequence of its own in one row. [1, N], int32 */
function segmentsOf(prompts: readonly (readonly number[])[]): { starts: Tensor; ends: Tensor } {
  const count = prompts.reduce((sum, { length }) => sum + length, 0);
  const [starts, ends] = [new Int32Array(count), new Int32Array(count)];
  let start = 0;
  for (const { length } of prompts) {
    starts.fill(start, start, start + length);
    ends.fill(start + length, start, start + length);
    start += length;
  }
  return { starts: fromTypedArray(starts, [1, count]), ends: fromTypedArray(ends, [1, count]) };
}
