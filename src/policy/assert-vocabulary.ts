import { ConfigError } from '../errors.ts';
import type { Model } from '../models/index.ts';
import type { Tokenizer } from '../tokenizers/index.ts';

/** @throws ConfigError when the model has fewer token rows than the tokenizer has tokens. */
export function assertVocabulary({ config: { vocabSize } }: Model, tokenizer: Tokenizer): void {
  if (vocabSize >= tokenizer.vocabSize) return;
  throw new ConfigError(
    `the model knows ${vocabSize} tokens and the tokenizer (${tokenizer.source}) makes ${tokenizer.vocabSize}; use the tokenizer the model was trained with, or set vocab_size to at least ${tokenizer.vocabSize}`,
  );
}
