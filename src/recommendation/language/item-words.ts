import { DataError } from '../../errors.ts';
import type { Tokenizer } from '../../tokenizers/index.ts';

/** The token of a word that items are written with. @throws DataError for one that the tokenizer does not have. */
export function tokenFinder(tokenizer: Tokenizer): (word: string) => number {
  return (word) => {
    const id = tokenizer.tokenToId(word);
    if (id !== undefined) return id;
    throw new DataError(
      `the tokenizer (${tokenizer.source}) has no token for the word ${JSON.stringify(word)}: it is of another catalogue, or was not made for items; a new model (--model.hidden_size 128 …) has the words of its own`,
    );
  };
}

/** What stands before every history of words. */
export const opensWith = ({ bosTokenId, eosTokenId }: Tokenizer): number[] => [
  bosTokenId ?? eosTokenId,
];
