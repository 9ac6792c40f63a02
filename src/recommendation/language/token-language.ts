import { type Tokenizer, wordTokenizer } from '../../tokenizers/index.ts';
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

/** Words that no user sees: an item is its place in the catalogue, whatever its key looks like. */
const wordOf = (place: number): string => `<item_${place}>`;

/**
 * Items as a token each: `[bos] <item_3> <item_14> …`. Nothing is known of an item but what people took beside it, as in
 * SASRec; needs neither ids nor titles, and an item that nobody took in training is never recommended with reason.
 */
export function tokenLanguage(
  catalogue: Catalogue,
  { tokenizer, ...options }: TokenLanguageOptions,
): SpelledLanguage {
  const words = catalogue.items.map((_, place) => wordOf(place));
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
