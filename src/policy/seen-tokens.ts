import { markTokens } from '../losses/index.ts';
import type { Model } from '../models/index.ts';
import { keep, noGrad, type Tensor, tidy, tokenTensor, zeros } from '../tensor/index.ts';
import type { Row } from './row.ts';

/** Which tokens each row has read or drawn so far, for the repetition penalty. */
export class SeenTokens {
  /** [R, V], bool. */
  mask: Tensor;

  private constructor(mask: Tensor) {
    this.mask = mask;
  }

  /** The prompts of rows that have drawn nothing yet. */
  static of({ config, weights }: Model, rows: readonly Row[]): SeenTokens {
    const { device } = weights.embedTokens;
    const widest = rows.reduce((most, { prompt }) => Math.max(most, prompt.length), 0);
    // The first token again fills shorter prompts: the same token twice changes nothing.
    const ids = rows.flatMap(({ prompt }) =>
      Array.from({ length: widest }, (_, t) => prompt[t] ?? prompt[0]!),
    );
    return noGrad(() =>
      tidy(() => {
        const blank = zeros([rows.length, config.vocabSize], { dtype: 'bool', device });
        const marked = markTokens(blank, tokenTensor(ids, [rows.length, widest], device));
        return new SeenTokens(keep(marked));
      }),
    );
  }

  /** Adds the token each row drew. */
  add(tokens: readonly number[]): void {
    this.#replace((mask) => markTokens(mask, tokenTensor(tokens, [tokens.length, 1], mask.device)));
  }

  /** Drops every row but these. */
  selectRows(rows: readonly number[]): void {
    this.#replace((mask) => mask.indexSelect(0, tokenTensor(rows, [rows.length], mask.device)));
  }

  #replace(change: (mask: Tensor) => Tensor): void {
    const old = this.mask;
    this.mask = tidy(() => keep(change(old)));
    old.dispose();
  }

  [Symbol.dispose](): void {
    this.mask.dispose();
  }
}
