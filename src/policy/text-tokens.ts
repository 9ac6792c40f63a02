import { DataError } from '../errors.ts';
import { applyChatTemplate, type Tokenizer } from '../tokenizers/index.ts';
import type { TextOrMessages } from '../types.ts';

export interface TextTokensOptions {
  readonly chatTemplateKwargs?: Readonly<Record<string, unknown>>;
  /** Whether plain text is closed by the end of sequence; true unless given. */
  readonly isComplete?: boolean;
}

/**
 * Tokens of a prompt with its completion, as a reward model reads them and TRL's RewardTrainer trains it: plain text with
 * what the tokenizer opens a text with and an end of sequence, a conversation as its template writes it.
 */
export function textTokens(
  tokenizer: Tokenizer,
  prompt: TextOrMessages,
  completion: TextOrMessages,
  { chatTemplateKwargs: templateKwargs = {}, isComplete = true }: TextTokensOptions = {},
): number[] {
  if (typeof prompt === 'string' && typeof completion === 'string') {
    const tokens = tokenizer.encode(prompt + completion, { addSpecialTokens: true });
    const ends = !isComplete || tokens.at(-1) === tokenizer.eosTokenId;
    return ends ? tokens : [...tokens, tokenizer.eosTokenId];
  }
  if (typeof prompt === 'string' || typeof completion === 'string') {
    throw new DataError(
      'a prompt and its completion must both be text or both be conversations; make both the same',
    );
  }
  const text = applyChatTemplate(tokenizer, [...prompt, ...completion], { templateKwargs });
  return tokenizer.encode(text, { addSpecialTokens: false });
}
