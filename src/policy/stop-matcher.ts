import { StreamDecoder, type Tokenizer } from '../tokenizers/index.ts';

/** Watches one completion for stop strings, which may straddle tokens, and decodes it along the way. */
export class StopMatcher {
  readonly #decoder: StreamDecoder;
  readonly #stopStrings: readonly string[];
  readonly #longest: number;
  #cutAt: number | undefined;

  constructor(tokenizer: Tokenizer, stopStrings: readonly string[]) {
    this.#decoder = new StreamDecoder(tokenizer);
    this.#stopStrings = stopStrings;
    this.#longest = Math.max(0, ...stopStrings.map((text) => text.length));
  }

  /** Takes a token; true once a stop string stands in the text. */
  push(token: number): boolean {
    const before = this.#decoder.text.length;
    this.#decoder.push(token);
    if (this.#longest === 0) return false;
    const from = Math.max(0, before - this.#longest + 1);
    const found = this.#stopStrings
      .map((text) => this.#decoder.text.indexOf(text, from))
      .filter((position) => position >= 0);
    if (found.length > 0) this.#cutAt = Math.min(...found);
    return found.length > 0;
  }

  /** The text so far, ended before a stop string. */
  finish(): string {
    this.#decoder.flush();
    return this.#decoder.text.slice(0, this.#cutAt);
  }
}
