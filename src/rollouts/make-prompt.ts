import type { PromptExample } from '../data/index.ts';
import { DataError } from '../errors.ts';
import { renderPrompt, type Tokenizer } from '../tokenizers/index.ts';
import type { Example, Prompt } from '../types.ts';

/** A prompt given as the tokens that the policy reads. */
export interface TokensPrompt {
  readonly example: Example;
  readonly tokens: readonly number[];
}

export interface PromptOptions {
  /** Further variables of the chat template. */
  readonly chatTemplateKwargs?: Readonly<Record<string, unknown>>;
}

/**
 * A prompt as the policy sees it: a conversation through the chat template, ready for the assistant's turn; text as
 * it is, with the tokenizer's own leading tokens; tokens as they are.
 * @throws DataError when it has no tokens.
 */
export function makePrompt(
  row: PromptExample | TokensPrompt,
  tokenizer: Tokenizer,
  { chatTemplateKwargs = {} }: PromptOptions = {},
): Prompt {
  const made =
    'tokens' in row ? asRead(row, tokenizer) : rendered(row, tokenizer, chatTemplateKwargs);
  if (made.tokens.length === 0) {
    throw new DataError(
      `row ${row.example.index}: the prompt is empty; a policy needs at least one token to continue from`,
    );
  }
  return made;
}

function rendered(
  { example, prompt }: PromptExample,
  tokenizer: Tokenizer,
  templateKwargs: Readonly<Record<string, unknown>>,
): Prompt {
  const text = renderPrompt(tokenizer, prompt, { templateKwargs });
  const tokens = tokenizer.encode(text, { addSpecialTokens: typeof prompt === 'string' });
  return { example, source: prompt, text, tokens };
}

/** Decoded only where its text is asked for: of many prompts most never are. */
function asRead({ example, tokens }: TokensPrompt, tokenizer: Tokenizer): Prompt {
  const decode = () => tokenizer.decode(tokens, { skipSpecialTokens: false });
  return {
    example,
    tokens,
    get source() {
      return decode();
    },
    get text() {
      return decode();
    },
  };
}
