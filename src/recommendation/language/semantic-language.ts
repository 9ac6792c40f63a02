import { type Tokenizer, wordTokenizer } from '../../tokenizers/index.ts';
import type { Item, SemanticVocabulary, WrittenCodes } from '../types.ts';
import { opensWith, tokenFinder } from './item-words.ts';
import { beginningsOf, decidingPaths, END, orderedWords, type Word } from './semantic-paths.ts';
import {
  type Catalogue,
  type LanguageOptions,
  missingItems,
  type SpelledLanguage,
  spelledItems,
} from './spelled-items.ts';

export interface SemanticLanguageOptions extends LanguageOptions {
  /** Default `all`. */
  readonly codes?: WrittenCodes;
  /** Default `codes`. */
  readonly vocabulary?: SemanticVocabulary;
  /** One that has the semantic words, such as a saved model's; default: made of the words, in order of level, then name. */
  readonly tokenizer?: Tokenizer;
}

const isThere = ({ semanticId }: Item): boolean => (semanticId?.length ?? 0) > 0;

/** Whether some id begins a longer one. */
function someBeginOthers(items: readonly Item[]): boolean {
  const whole = new Set(items.filter(isThere).map(({ semanticId }) => JSON.stringify(semanticId)));
  return items.some(({ semanticId = [] }) =>
    semanticId.some(
      (_, length) => length > 0 && whole.has(JSON.stringify(semanticId.slice(0, length))),
    ),
  );
}

/** The words of each id that are written, as codes: their places in `words`. */
function codePaths(items: readonly Item[], words: readonly string[], codes: WrittenCodes) {
  const codeOf = new Map(words.map((word, code) => [word, code]));
  // Behind all words.
  const end = someBeginOthers(items) ? [words.length] : [];
  const whole = items.map((item) =>
    isThere(item) ? [...item.semanticId!.map((word) => codeOf.get(word)!), ...end] : undefined,
  );
  return codes === 'all' ? whole : decidingPaths(whole);
}

/**
 * Items as their semantic ids, a token a word: `[bos] <a_1> <b_7> <c_3> <a_4> …`. Ids end with the end token only where
 * one of them begins another, so that ids of one length need none. Items that share an id are one path.
 * - Of `deciding` codes, those at an id's end that follow from the ones before are left out, the end token among them:
 *   histories, answers and searches get shorter, and every id keeps a path of its own.
 * - In a vocabulary of `beginnings` a code is another token after other codes: `<a_1> <a_1>/<b_7> <a_1>/<b_7>/<c_3>`. The
 *   last token of an item is then that of its path alone, as in models that have a vector for each item; so is its end.
 * @throws DataError for items without an id, unless they are left out.
 */
export function semanticLanguage(
  catalogue: Catalogue,
  { tokenizer, codes = 'all', vocabulary = 'codes', ...options }: SemanticLanguageOptions,
): SpelledLanguage {
  const { items } = catalogue;
  missingItems(items, 'semantic id', isThere, options.missing);
  const words = orderedWords(items.map(({ semanticId }) => semanticId));
  const written = codePaths(items, words, codes).map((path) => {
    const ownWords = path?.map((code): Word => words[code] ?? END);
    return vocabulary === 'codes' ? ownWords : ownWords && beginningsOf(ownWords);
  });
  // Words that are not written have tokens too, as long as they are codes.
  const needed = vocabulary === 'codes' ? words : orderedWords(written);
  const reader = tokenizer ?? wordTokenizer(needed);
  const tokenOfWord = tokenFinder(reader);
  const tokenOf = (word: Word) => (word === END ? reader.eosTokenId : tokenOfWord(word));
  return spelledItems(catalogue, {
    ...options,
    kind: 'semantic',
    codes,
    vocabulary,
    tokenizer: reader,
    tokens: written.map((path) => path?.map(tokenOf)),
    opening: opensWith(reader),
  });
}
