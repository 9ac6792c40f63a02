import { madeOfWords } from './made-words.ts';
import type { Tokenizer } from './tokenizer.ts';

const UNKNOWN = '<|unk|>';

/**
 * A vocabulary of given words, each one token wherever it stands: `<a_114><b_32>` and `<a_114> <b_32>` are the same two,
 * and decode to the first. Of words that begin alike the longest is found. Ids 0, 1 and 2 are `<|pad|>`, `<|bos|>` and
 * `<|eos|>`; what is no word becomes `<|unk|>`, the last id, one for each character.
 */
export function wordTokenizer(words: readonly string[]): Tokenizer {
  return madeOfWords({
    source: 'wordTokenizer',
    words: [...words, UNKNOWN],
    findsAnywhere: true,
    unknownToken: UNKNOWN,
    preTokenizer: { type: 'WhitespaceSplit' },
    decoder: { type: 'Fuse' },
  });
}
