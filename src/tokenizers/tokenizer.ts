/** Any sequence of token ids: a plain array, or a typed one from the engine. */
export type TokenIds = Iterable<number>;

/** How text becomes token ids. */
export interface EncodeOptions {
  /** Whether the tokenizer's own template (a leading `<bos>`, say) is applied. Default false: chat templates write theirs. */
  readonly addSpecialTokens?: boolean;
}

/** How token ids become text. */
export interface DecodeOptions {
  /** Whether special tokens are left out of the text. Default true. */
  readonly skipSpecialTokens?: boolean;
}

/** Text to token ids and back; immutable, and the same for training, sampling and scoring. */
export interface Tokenizer {
  /** One more than the largest token id, added tokens included. A model's vocabulary may be larger, never smaller. */
  readonly vocabSize: number;
  readonly eosTokenId: number;
  /** The padding token, or the end-of-sequence token where the tokenizer has no padding token of its own. */
  readonly padTokenId: number;
  readonly bosTokenId: number | undefined;
  /** The Jinja source that turns conversations into text; absent for tokenizers of base models. */
  readonly chatTemplate: string | undefined;
  /** The strings chat templates see, by Hugging Face's names: `eos_token`, `bos_token`, `pad_token`, … */
  readonly specialTokens: Readonly<Record<string, string>>;
  /** Ids that `decode` leaves out by default. */
  readonly specialTokenIds: ReadonlySet<number>;
  /** Where the tokenizer came from, for messages: a folder, or how it was made. */
  readonly source: string;

  encode(text: string, options?: EncodeOptions): number[];
  /** Ids outside the vocabulary stand for nothing: a model's padded vocabulary can produce them. */
  decode(tokens: TokenIds, options?: DecodeOptions): string;
  tokenToId(token: string): number | undefined;
  /** The token as the vocabulary spells it, which for byte-level tokenizers is not the text it stands for. */
  idToToken(id: number): string | undefined;
  /**
   * The UTF-8 bytes a token stands for; present where decoding is concatenation of these bytes, as in byte-level
   * tokenizers. An unknown id has none.
   */
  readonly tokenBytes?: (id: number) => Uint8Array;
  /** Writes `tokenizer.json` and its companions, which Hugging Face's `AutoTokenizer` loads. Creates the folder. */
  save(folder: string): void;
}
