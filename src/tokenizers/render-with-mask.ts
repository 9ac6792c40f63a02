import { DataError } from '../errors.ts';
import type { Message } from '../types.ts';
import { type ChatTemplateOptions, renderTemplate, requireChatTemplate } from './chat-template.ts';
import { encodeSpans, type TextSpan } from './text-spans.ts';
import type { Tokenizer } from './tokenizer.ts';

/** A rendered conversation and what of it the assistant said. */
export interface RenderedConversation {
  readonly text: string;
  readonly tokens: readonly number[];
  /** 1 = written by the assistant, to be trained on. Same length as `tokens`. */
  readonly assistantMask: readonly (0 | 1)[];
}

type MaskOptions = Omit<ChatTemplateOptions, 'addGenerationPrompt'>;

// Noncharacters, which Unicode reserves for a process's internal use.
const OPEN = '\uFDD0';
const CLOSE = '\uFDD1';
const GENERATION = /\{%(-?)\s*(end)?generation\s*(-?)%\}/g;

/** Replaces `generation` tags by blocks that leave a mark in the text, keeping their whitespace control. */
function markGeneration(template: string): string {
  return template.replace(
    GENERATION,
    (_, left, end, right) => `{%${left} if true %}${end ? CLOSE : OPEN}{% endif ${right}%}`,
  );
}

function generationSpans(marked: string, where: string): TextSpan[] {
  const spans: TextSpan[] = [];
  let position = 0;
  let start: number | undefined;
  for (const part of marked.split(/([\uFDD0\uFDD1])/)) {
    if (part === OPEN) start = position;
    else if (part !== CLOSE) position += part.length;
    else if (start === undefined) {
      throw new DataError(`${where}: chat template closes a generation block it did not open`);
    } else {
      if (position > start) spans.push({ start, end: position });
      start = undefined;
    }
  }
  return spans;
}

function spansByGeneration(
  template: string,
  tokenizer: Tokenizer,
  messages: readonly Message[],
  options: MaskOptions,
  text: string,
): TextSpan[] {
  const marked = renderTemplate(markGeneration(template), tokenizer, messages, options);
  if (marked.replace(/[\uFDD0\uFDD1]/g, '') !== text) {
    throw new DataError(
      `${tokenizer.source}: chat template renders otherwise when its generation blocks are marked (does a filter ` +
        'enclose one, or a message contain U+FDD0?)',
    );
  }
  return generationSpans(marked, tokenizer.source);
}

/** Ends a turn at its last end-of-sequence token: what templates write after it opens no sampling decision. */
function trimAfterEnd(text: string, { start, end }: TextSpan, eosToken: string): TextSpan {
  const last = text.slice(start, end).lastIndexOf(eosToken);
  return { start, end: last === -1 ? end : start + last + eosToken.length };
}

function spansByPrefix(
  template: string,
  tokenizer: Tokenizer,
  messages: readonly Message[],
  options: MaskOptions,
  text: string,
): TextSpan[] {
  const { eos_token: eosToken = '' } = tokenizer.specialTokens;
  const render = (count: number, addGenerationPrompt: boolean, turn: number) => {
    const part = { ...options, addGenerationPrompt };
    const prefix = renderTemplate(template, tokenizer, messages.slice(0, count), part);
    if (text.startsWith(prefix)) return prefix.length;
    throw new DataError(
      `${tokenizer.source}: chat template is not prefix-preserving at assistant turn ${turn} (message ` +
        `${turn} of ${messages.length}, counted from 0): rendered alone up to there it reads ` +
        `…${JSON.stringify(prefix.slice(-60))}, which the whole conversation does not begin with; mark the ` +
        'assistant part of the template with {% generation %}…{% endgeneration %}',
    );
  };
  return messages.flatMap(({ role }, turn) => {
    if (role !== 'assistant') return [];
    const span = { start: render(turn, true, turn), end: render(turn + 1, false, turn) };
    return [trimAfterEnd(text, span, eosToken)];
  });
}

/**
 * Renders a conversation and marks what the assistant wrote: by the template's `{% generation %}` blocks where it has
 * them (as `transformers`' `return_assistant_tokens_mask`), else by comparing the renderings that end before and after
 * each assistant turn, up to and including its end-of-sequence token.
 * @throws DataError when the template has no such blocks and rewrites earlier turns.
 */
export function renderWithMask(
  tokenizer: Tokenizer,
  messages: readonly Message[],
  options: MaskOptions = {},
): RenderedConversation {
  const template = requireChatTemplate(tokenizer);
  const text = renderTemplate(template, tokenizer, messages, options);
  const find = template.search(GENERATION) === -1 ? spansByPrefix : spansByGeneration;
  const spans = find(template, tokenizer, messages, options, text);
  const { tokens, spanMask } = encodeSpans(tokenizer, text, spans);
  return { text, tokens, assistantMask: spanMask };
}
