export { type ItemLanguageOptions, itemLanguage } from './item-language.ts';
export { type SemanticLanguageOptions, semanticLanguage } from './semantic-language.ts';
export type { Catalogue, LanguageOptions, SpelledLanguage } from './spelled-items.ts';
export { type TitleLanguageOptions, titleLanguage } from './title-language.ts';
export { type TokenLanguageOptions, tokenLanguage } from './token-language.ts';
