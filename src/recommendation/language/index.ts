export { type SemanticLanguageOptions, semanticLanguage } from './semantic-language.ts';
export type { Catalogue, LanguageOptions, SpelledLanguage } from './spelled-items.ts';
export { type TitleLanguageOptions, titleLanguage } from './title-language.ts';
