import { StreamDecoder, type Tokenizer } from '../tokenizers/index.ts';

/**
 * Watches one completion for stop strings, which may straddle tokens, and decodes it along the way. Special tokens
 * are no part of the text, but a stop string that is the name of one ends the completion there. Each push costs time
 * in the token's and the stop strings' length, not in the text's.
 */
export class StopMatcher {
  readonly #decoder: StreamDecoder;
  readonly #stopStrings: readonly string[];
  readonly #stopTokens: ReadonlySet<number>;
  /** Characters of earlier tokens that a stop string may begin in. */
  readonly #reach: number;
  #tail = '';
  #cutAt: number | undefined;

  constructor(tokenizer: Tokenizer, stopStrings: readonly string[]) {
    this.#decoder = new StreamDecoder(tokenizer);
    this.#stopStrings = stopStrings;
    const ids = stopStrings.map((text) => tokenizer.tokenToId(text) ?? -1);
    this.#stopTokens = new Set(ids.filter((id) => tokenizer.specialTokenIds.has(id)));
    this.#reach = Math.max(0, ...stopStrings.map((text) => text.length - 1));
  }

  /** Takes a token; true once a stop string stands in the text. */
  push(token: number): boolean {
    const piece = this.#decoder.push(token);
    if (this.#stopTokens.has(token)) return true;
    if (piece === '' || this.#stopStrings.length === 0) return false;
    const text = this.#tail + piece;
    const found = this.#stopStrings
      .map((stop) => text.indexOf(stop))
      .filter((position) => position >= 0);
    this.#tail = text.slice(Math.max(0, text.length - this.#reach));
    if (found.length === 0) return false;
    this.#cutAt = this.#decoder.text.length - text.length + Math.min(...found);
    return true;
  }

  /** The text so far, ended before a stop string. */
  finish(): string {
    this.#decoder.flush();
    return this.#decoder.text.slice(0, this.#cutAt);
  }
}
