import { byteAlphabet } from './byte-alphabet.ts';
import { madeOfWords } from './made-words.ts';
import type { Tokenizer } from './tokenizer.ts';

/** GPT-2's pieces: a word, a number or a run of signs, each with the space before it, and other white space. */
const PIECES = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

export interface TextWordOptions {
  /** Pieces that occur less often are spelled out in bytes. */
  readonly minimumCount?: number;
}

/** How often each piece occurs, in order of first sight. */
function countPieces(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const [piece] of text.matchAll(PIECES)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  return counts;
}

const spelling = (piece: string): string =>
  Array.from(Buffer.from(piece, 'utf8'), (byte) => byteAlphabet.characters[byte]!).join('');

/**
 * A vocabulary of the words of some texts, made for models trained from scratch on them. Text is cut as GPT-2 cuts it; a
 * piece that is in the vocabulary is one token, any other is spelled in bytes, so that every text can be read and
 * `decode(encode(text))` is the text. Ids: `<|pad|>`, `<|bos|>`, `<|eos|>`, 256 bytes, then words, the most frequent
 * first.
 */
export function textWordTokenizer(
  texts: Iterable<string>,
  { minimumCount = 2 }: TextWordOptions = {},
): Tokenizer {
  const counted = [...countPieces(texts)].sort(([, a], [, b]) => b - a);
  const words = counted
    .filter(([piece, count]) => count >= minimumCount && Buffer.byteLength(piece) > 1)
    .map(([piece]) => spelling(piece));
  return madeOfWords({
    source: 'textWordTokenizer',
    words: [...byteAlphabet.characters, ...words],
    preTokenizer: {
      type: 'ByteLevel',
      add_prefix_space: false,
      trim_offsets: false,
      use_regex: true,
    },
    decoder: {
      type: 'ByteLevel',
      add_prefix_space: false,
      trim_offsets: false,
      use_regex: true,
    },
  });
}
