import {
  createCache,
  hiddenStates,
  type KeyValueCache,
  logits,
  type Model,
  PackedDecoder,
} from '../models/index.ts';
import { arange, dispose, keep, type Tensor, tidy, tokenTensor } from '../tensor/index.ts';

/** What decoding carries from step to step: the key-value cache, and where each row's text begins in it. */
export class DecodeState {
  readonly #model: Model;
  readonly #prompts: readonly (readonly number[])[];
  readonly #padTokenId: number;
  readonly #promptLength: number;
  readonly #cache: KeyValueCache;
  readonly #isPacked: boolean;
  /** Reads tokens after the prompts where it can. */
  #decoder: PackedDecoder | undefined;
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
    if (lengths.every((length) => length === this.#promptLength)) return;
    const padding = lengths.map((length) => this.#promptLength - length);
    this.#starts = keep(tokenTensor(padding, [padding.length], this.#device));
  }

  get #device(): string {
    return this.#model.weights.embedTokens.device;
  }

  /** Which of the first `count` cached tokens each row may see: all but its padding. [R, count], bool */
  #visible(count: number): Tensor | undefined {
    if (this.#starts === undefined) return undefined;
    return arange(0, count, { device: this.#device }).greaterEqual(this.#starts.unsqueeze(1));
  }

  /** Reads every prompt once, then repeats its cache to G rows. @returns logits of the first tokens. [P·G, V]. */
  prefill(groupSize: number): Tensor {
    const hidden = hiddenStates(this.#model, {
      tokens: this.#paddedPrompts(),
      attentionMask: this.#visible(this.#promptLength),
      cache: this.#cache,
    });
    const last = logits(this.#model, hidden.select(1, this.#promptLength - 1));
    this.#cache.expandRows(groupSize);
    this.#replaceStarts((starts) => starts.repeatInterleave(groupSize, 0));
    return last.repeatInterleave(groupSize, 0);
  }

  #paddedPrompts(): Tensor {
    const tokens = this.#prompts.flatMap((prompt) => [
      ...Array<number>(this.#promptLength - prompt.length).fill(this.#padTokenId),
      ...prompt,
    ]);
    return tokenTensor(tokens, [this.#prompts.length, this.#promptLength], this.#device);
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
    const hidden = hiddenStates(this.#model, {
      tokens,
      attentionMask: this.#visible(this.#cache.length + 1),
      cache: this.#cache,
    });
    return logits(this.#model, hidden.select(1, 0));
  }

  /** Drops every row but these. */
  selectRows(rows: readonly number[]): void {
    tidy(() => {
      const index = tokenTensor(rows, [rows.length], this.#device);
      this.#cache.selectRows(index);
      this.#replaceStarts((starts) => starts.indexSelect(0, index));
    });
  }

  #replaceStarts(change: (starts: Tensor) => Tensor): void {
    const starts = this.#starts;
    if (starts === undefined) return;
    this.#starts = keep(change(starts));
    dispose(starts);
  }

  [Symbol.dispose](): void {
    this.#cache.dispose();
    if (this.#starts !== undefined) dispose(this.#starts);
    this.#decoder?.[Symbol.dispose]();
  }
}
