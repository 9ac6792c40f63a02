import type { Tokenizer } from './tokenizer.ts';

/** How a stream of tokens becomes text. */
export interface StreamDecoderOptions {
  /** Whether special tokens are left out of the text. Default true. */
  readonly skipSpecialTokens?: boolean;
}

const REPLACEMENT = '\uFFFD';

/**
 * Decodes tokens one at a time, holding back a character until all its bytes are there. After `flush`, `text` equals
 * the tokenizer's `decode` of everything pushed. Each push costs time in the token's length, not in the text's, except
 * in byte runs of vocabularies that are not byte-level.
 */
export class StreamDecoder {
  readonly #tokenizer: Tokenizer;
  readonly #skipSpecialTokens: boolean;
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  #text = '';
  /** For vocabularies without `tokenBytes`: the tokens that may still change how the next one reads. */
  #context: number[] = [];
  /** How much of the context's text has been given out. */
  #contextLength = 0;

  constructor(tokenizer: Tokenizer, { skipSpecialTokens = true }: StreamDecoderOptions = {}) {
    this.#tokenizer = tokenizer;
    this.#skipSpecialTokens = skipSpecialTokens;
  }

  /** All complete characters so far. */
  get text(): string {
    return this.#text;
  }

  /** Takes one token and returns the text it completes, often none or one piece. */
  push(token: number): string {
    if (this.#skipSpecialTokens && this.#tokenizer.specialTokenIds.has(token)) return '';
    const { tokenBytes } = this.#tokenizer;
    const piece = tokenBytes
      ? this.#utf8.decode(tokenBytes(token), { stream: true })
      : this.#pushContext(token);
    this.#text += piece;
    return piece;
  }

  /** Ends the stream: bytes that never became a character come out as U+FFFD. */
  flush(): string {
    const piece = this.#tokenizer.tokenBytes
      ? this.#utf8.decode()
      : this.#decode(this.#context).slice(this.#contextLength);
    this.#context = [];
    this.#contextLength = 0;
    this.#text += piece;
    return piece;
  }

  #decode(tokens: readonly number[]): string {
    return this.#tokenizer.decode(tokens, { skipSpecialTokens: this.#skipSpecialTokens });
  }

  #pushContext(token: number): string {
    const context = [...this.#context, token];
    const text = this.#decode(context);
    this.#context = context;
    if (text.endsWith(REPLACEMENT)) return '';
    const piece = text.slice(this.#contextLength);
    // The last token stays as context, for decoders that treat the first token of a text differently.
    if (piece !== '') this.#context = [token];
    this.#contextLength = piece === '' ? text.length : this.#decode(this.#context).length;
    return piece;
  }
}
