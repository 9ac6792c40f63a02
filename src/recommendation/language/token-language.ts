import { type Tokenizer, wordTokenizer } from '../../tokenizers/index.ts';
import type { Item } from '../types.ts';
import { opensWith, tokenFinder } from './item-words.ts';
import {
  type Catalogue,
  type LanguageOptions,
  type SpelledLanguage,
  spelledItems,
} from './spelled-items.ts';

export interface TokenLanguageOptions extends LanguageOptions {
  /** One that has the items' words, such as a saved model's; default: made of them, in order of place. */
  readonly tokenizer?: Tokenizer;
}

/** Holds the key, so that a model's tokens say which items it knows; encoded, so that none has spaces or brackets. */
const wordOf = ({ key }: Item): string => `<item_${encodeURIComponent(key)}>`;

/**
 * Items as a token each: `[bos] <item_3> <item_14> …`. Needs neither ids nor titles. Nothing is known of an item but what
 * people took beside it, as in SASRec: of one that nobody took in training nothing is.
 * @throws DataError where a given tokenizer lacks an item.
 */
export function tokenLanguage(
  catalogue: Catalogue,
  { tokenizer, ...options }: TokenLanguageOptions,
): SpelledLanguage {
  const words = catalogue.items.map(wordOf);
  const reader = tokenizer ?? wordTokenizer(words);
  const tokenOf = tokenFinder(reader);
  return spelledItems(catalogue, {
    ...options,
    kind: 'token',
    tokenizer: reader,
    tokens: words.map((word) => [tokenOf(word)]),
    opening: opensWith(reader),
  });
}
