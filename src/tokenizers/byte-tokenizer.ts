import { byteAlphabet } from './byte-alphabet.ts';
import { type SymbolTokenizerOptions, symbolTokenizer } from './symbol-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * A byte-level tokenizer for models trained from scratch: ids 0–255 are the bytes of UTF-8, then the special tokens.
 * It has no unknown text and no normalisation: `decode(encode(text))` is `text` for every well-formed string without
 * special tokens. Lone surrogates become U+FFFD, as in any UTF-8.
 */
export function byteTokenizer(options: SymbolTokenizerOptions = {}): Tokenizer {
  return symbolTokenizer(
    {
      source: 'byteTokenizer',
      symbols: byteAlphabet.characters,
      encodePlain: (text) => Buffer.from(text, 'utf8'),
      symbolBytes: (id) => Uint8Array.of(id),
      preTokenizer: {
        type: 'ByteLevel',
        add_prefix_space: false,
        trim_offsets: false,
        use_regex: false,
      },
      decoder: {
        type: 'ByteLevel',
        add_prefix_space: false,
        trim_offsets: false,
        use_regex: false,
      },
    },
    options,
  );
}
