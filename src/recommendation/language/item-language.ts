import type { Tokenizer } from '../../tokenizers/index.ts';
import type { ItemLanguage } from '../types.ts';
import { type SemanticLanguageOptions, semanticLanguage } from './semantic-language.ts';
import type { Catalogue, LanguageOptions, SpelledLanguage } from './spelled-items.ts';
import { type TitleLanguageOptions, titleLanguage } from './title-language.ts';
import { tokenLanguage } from './token-language.ts';

/** What the kinds of language ask for; each takes its own. */
export interface ItemLanguageOptions
  extends LanguageOptions,
    Pick<SemanticLanguageOptions, 'codes' | 'vocabulary'>,
    Pick<TitleLanguageOptions, 'prefix'> {
  readonly tokenizer?: Tokenizer;
}

/** The language of a kind. @throws DataError for items that it cannot write, unless they are left out. */
export function itemLanguage(
  kind: ItemLanguage['kind'],
  catalogue: Catalogue,
  { codes, vocabulary, prefix, ...options }: ItemLanguageOptions,
): SpelledLanguage {
  if (kind === 'token') return tokenLanguage(catalogue, options);
  if (kind === 'title')
    return titleLanguage(catalogue, { ...options, ...(prefix !== undefined && { prefix }) });
  const written = { ...(codes && { codes }), ...(vocabulary && { vocabulary }) };
  return semanticLanguage(catalogue, { ...options, ...written });
}
