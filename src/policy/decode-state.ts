import {
  createCache,
  hiddenStates,
  type KeyValueCache,
  logits,
  type Model,
  PackedDecoder,
} from '../models/index.ts';
import { dispose, fromTypedArray, keep, type Tensor, tidy, tokenTensor } from '../tensor/index.ts';

/** What decoding carries from step to step: the key-value cache, positions, and which cached tokens are visible. */
export class DecodeState {
  readonly #model: Model;
  readonly #prompts: readonly (readonly number[])[];
  readonly #padTokenId: number;
  readonly #promptLength: number;
  readonly #cache: KeyValueCache;
  readonly #isPacked: boolean;
  /** Reads tokens after the prompts where it can. */
  #decoder: PackedDecoder | undefined;
  /** Position of the token each row reads next. [R, 1], int64. */
  #positions: Tensor;
  /** Which cached tokens each row may see: all but the padding. [R, capacity], bool; undefined without padding. */
  #visible: Tensor | undefined;
  /** Padding before each row. [R], int64; undefined without padding. */
  #starts: Tensor | undefined;

  constructor(
    model: Model,
    prompts: readonly (readonly number[])[],
    maxCompletionLength: number,
    padTokenId: number,
  ) {
    this.#model = model;
    this.#isPacked = PackedDecoder.fits(model);
    this.#prompts = prompts;
    this.#padTokenId = padTokenId;
    const lengths = prompts.map(({ length }) => length);
    this.#promptLength = Math.max(...lengths);
    const capacity = this.#promptLength + maxCompletionLength;
    this.#cache = createCache(model, { rows: prompts.length, capacity });
    this.#positions = keep(tokenTensor(lengths, [lengths.length, 1], this.#device));
    this.#visible = this.#maskPadding(lengths, capacity);
    if (this.#visible === undefined) return;
    const padding = lengths.map((length) => this.#promptLength - length);
    this.#starts = keep(tokenTensor(padding, [padding.length], this.#device));
  }

  get #device(): string {
    return this.#model.weights.embedTokens.device;
  }

  #maskPadding(lengths: readonly number[], capacity: number): Tensor | undefined {
    if (lengths.every((length) => length === this.#promptLength)) return undefined;
    const mask = new Uint8Array(lengths.length * capacity).fill(1);
    for (const [row, length] of lengths.entries()) {
      mask.fill(0, row * capacity, row * capacity + this.#promptLength - length);
    }
    return keep(
      fromTypedArray(mask, [lengths.length, capacity], { dtype: 'bool', device: this.#device }),
    );
  }

  /** Reads every prompt once, then repeats its cache to G rows. @returns logits of the first tokens. [P·G, V]. */
  prefill(groupSize: number): Tensor {
    const { tokens, positions } = this.#paddedPrompts();
    const attentionMask = this.#visible?.narrow(1, 0, this.#promptLength);
    const hidden = hiddenStates(this.#model, {
      tokens,
      positions,
      attentionMask,
      cache: this.#cache,
    });
    const last = logits(this.#model, hidden.select(1, this.#promptLength - 1));
    this.#cache.expandRows(groupSize);
    this.#replace((rows) => rows.repeatInterleave(groupSize, 0));
    return last.repeatInterleave(groupSize, 0);
  }

  #paddedPrompts(): { tokens: Tensor; positions: Tensor } {
    const shape = [this.#prompts.length, this.#promptLength];
    const padding = (prompt: readonly number[]) => this.#promptLength - prompt.length;
    const tokens = this.#prompts.flatMap((prompt) => [
      ...Array<number>(padding(prompt)).fill(this.#padTokenId),
      ...prompt,
    ]);
    const positions = this.#prompts.flatMap((prompt) =>
      Array.from({ length: this.#promptLength }, (_, t) => Math.max(0, t - padding(prompt))),
    );
    return {
      tokens: tokenTensor(tokens, shape, this.#device),
      positions: tokenTensor(positions, shape, this.#device),
    };
  }

  /** Reads the token each row drew last. @returns logits of the next ones. [R, V]. */
  next(lastTokens: readonly number[]): Tensor {
    const tokens = tokenTensor(lastTokens, [lastTokens.length, 1], this.#device);
    if (this.#isPacked) {
      this.#decoder ??= new PackedDecoder(this.#model);
      return this.#decoder.next({ tokens, cache: this.#cache, starts: this.#starts });
    }
    return this.#nextComposed(tokens);
  }

  #nextComposed(tokens: Tensor): Tensor {
    const attentionMask = this.#visible?.narrow(1, 0, this.#cache.length + 1);
    const positions = this.#positions;
    const hidden = hiddenStates(this.#model, {
      tokens,
      positions,
      attentionMask,
      cache: this.#cache,
    });
    this.#positions.add_(1);
    return logits(this.#model, hidden.select(1, 0));
  }

  /** Drops every row but these. */
  selectRows(rows: readonly number[]): void {
    tidy(() => {
      const index = tokenTensor(rows, [rows.length], this.#device);
      this.#cache.selectRows(index);
      this.#replace((state) => state.indexSelect(0, index));
    });
  }

  #replace(change: (rows: Tensor) => Tensor): void {
    const positions = this.#positions;
    const visible = this.#visible;
    const starts = this.#starts;
    this.#positions = keep(change(positions));
    positions.dispose();
    if (visible === undefined || starts === undefined) return;
    this.#visible = keep(change(visible));
    this.#starts = keep(change(starts));
    dispose(visible, starts);
  }

  [Symbol.dispose](): void {
    this.#cache.dispose();
    dispose(this.#positions);
    if (this.#visible !== undefined) dispose(this.#visible);
    if (this.#starts !== undefined) dispose(this.#starts);
    this.#decoder?.[Symbol.dispose]();
  }
}
