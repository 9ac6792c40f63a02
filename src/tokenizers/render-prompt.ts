import { DataError } from '../errors.ts';
import type { Message, TextOrMessages } from '../types.ts';
import { applyChatTemplate, type ChatTemplateOptions } from './chat-template.ts';
import type { Tokenizer } from './tokenizer.ts';

type PromptOptions = Pick<ChatTemplateOptions, 'tools' | 'templateKwargs'>;

/**
 * The text a policy is given: plain prompts as they are, conversations by the chat template, opening an assistant turn
 * or, when the last turn is the assistant's, going on with it (TRL's rule).
 */
export function renderPrompt(
  tokenizer: Tokenizer,
  prompt: TextOrMessages,
  options: PromptOptions = {},
): string {
  if (typeof prompt === 'string') return prompt;
  const continueFinalMessage = prompt.at(-1)?.role === 'assistant';
  const addGenerationPrompt = !continueFinalMessage;
  return applyChatTemplate(tokenizer, prompt, {
    ...options,
    continueFinalMessage,
    addGenerationPrompt,
  });
}

function commonPrefix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return a.slice(0, length);
}

/**
 * Prompt and completion as text to learn from. For conversations the whole is rendered at once and cut where the prompt,
 * rendered alone, ends or begins to differ, as TRL's `apply_chat_template`.
 */
export function renderPromptCompletion(
  tokenizer: Tokenizer,
  prompt: TextOrMessages,
  completion: TextOrMessages,
  options: PromptOptions = {},
): { prompt: string; completion: string } {
  if (typeof prompt === 'string' && typeof completion === 'string') return { prompt, completion };
  if (typeof prompt === 'string' || typeof completion === 'string') {
    throw new DataError('a prompt and its completion must both be text or both be conversations');
  }
  const messages: readonly Message[] = [...prompt, ...completion];
  const whole = applyChatTemplate(tokenizer, messages, options);
  const shared = commonPrefix(renderPrompt(tokenizer, prompt, options), whole);
  return { prompt: shared, completion: whole.slice(shared.length) };
}
