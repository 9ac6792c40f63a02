import type { PromptExample } from '../data/index.ts';
import { DataError } from '../errors.ts';
import { renderPrompt, type Tokenizer } from '../tokenizers/index.ts';
import type { Prompt } from '../types.ts';

export interface PromptOptions {
  /** Further variables of the chat template. */
  readonly chatTemplateKwargs?: Readonly<Record<string, unknown>>;
}

/**
 * A prompt as the policy sees it: a conversation through the chat template, ready for the assistant's turn; text as
 * it is, with the tokenizer's own leading tokens.
 * @throws DataError when it has no tokens.
 */
export function makePrompt(
  { example, prompt }: PromptExample,
  tokenizer: Tokenizer,
  { chatTemplateKwargs = {} }: PromptOptions = {},
): Prompt {
  const text = renderPrompt(tokenizer, prompt, { templateKwargs: chatTemplateKwargs });
  const tokens = tokenizer.encode(text, { addSpecialTokens: typeof prompt === 'string' });
  if (tokens.length === 0) {
    throw new DataError(
      `row ${example.index}: the prompt is empty; a policy needs at least one token to continue from`,
    );
  }
  return { example, source: prompt, text, tokens };
}
