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

/** One conversation being rendered, in whole and in parts. */
interface Rendering {
  readonly template: string;
  readonly tokenizer: Tokenizer;
  readonly messages: readonly Message[];
  readonly options: MaskOptions;
  /** The whole conversation. */
  readonly text: string;
}

function spansByGeneration({
  template,
  tokenizer,
  messages,
  options,
  text,
}: Rendering): TextSpan[] {
  const marked = renderTemplate(markGeneration(template), tokenizer, messages, options);
  if (marked.replace(/[\uFDD0\uFDD1]/g, '') !== text) {
    throw new DataError(
      `${tokenizer.source}: chat template renders otherwise when its generation blocks are marked (does a filter ` +
        'enclose one, or a message contain U+FDD0?)',
    );
  }
  return generationSpans(marked, tokenizer.source);
}

/** The first `count` messages on their own. */
const renderPart = (
  { template, tokenizer, messages, options }: Rendering,
  count: number,
  addGenerationPrompt: boolean,
): string =>
  renderTemplate(template, tokenizer, messages.slice(0, count), {
    ...options,
    addGenerationPrompt,
  });

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

/**
 * Where the first `count` messages end in the whole text. Templates that write the end-of-sequence token after the
 * last message only are given it back.
 * @throws DataError naming the first place where the template rewrites them once more messages follow.
 */
function endOf(rendering: Rendering, count: number): number {
  const { text, tokenizer, messages } = rendering;
  const { eos_token: eosToken = '' } = tokenizer.specialTokens;
  const alone = renderPart(rendering, count, false);
  if (text.startsWith(alone)) return alone.length;
  const open = alone.endsWith(eosToken) ? alone.slice(0, alone.length - eosToken.length) : alone;
  if (text.startsWith(open)) return open.length;
  const at = sharedLength(alone, text);
  const around = (rendered: string) => {
    const from = Math.max(0, at - 30);
    const until = Math.min(rendered.length, at + 40);
    const piece = JSON.stringify(rendered.slice(from, until));
    return `${from > 0 ? '…' : ''}${piece}${until < rendered.length ? '…' : ''}`;
  };
  throw new DataError(
    `${tokenizer.source}: the chat template rewrites earlier turns when a turn is appended, so that a policy would ` +
      `learn turns it never wrote in this form: messages 0 to ${count - 1} (the last by ${messages[count - 1]!.role}) ` +
      `of ${messages.length} read ${around(alone)} on their own and ${around(text)} in the whole conversation, ` +
      `which first differ at character ${at}; make a row of each assistant turn with prompt and completion, or use ` +
      'a template that renders every turn alike',
  );
}

/** Refuses templates whose earlier turns change when a turn is appended. */
function assertTurnsStay(rendering: Rendering): void {
  for (const [turn, { role }] of rendering.messages.slice(0, -1).entries())
    if (role === 'assistant') endOf(rendering, turn + 1);
}

/** Where an assistant turn's header ends: the template's generation prompt, as far as the turn begins with it. */
function headerEnd(rendering: Rendering, turn: number): number {
  const { text } = rendering;
  const opened = renderPart(rendering, turn, true);
  if (text.startsWith(opened)) return opened.length;
  // A prompt that opens a thought, say, which the turn as it is rendered does not hold.
  return Math.max(endOf(rendering, turn), sharedLength(opened, text));
}

/** Ends a turn at its last end-of-sequence token: what templates write after it opens no sampling decision. */
function trimAfterEnd(text: string, { start, end }: TextSpan, eosToken: string): TextSpan {
  const last = eosToken === '' ? -1 : text.slice(start, end).lastIndexOf(eosToken);
  return { start, end: last === -1 ? end : start + last + eosToken.length };
}

function spansByPrefix(rendering: Rendering): TextSpan[] {
  const { eos_token: eosToken = '' } = rendering.tokenizer.specialTokens;
  return rendering.messages.flatMap(({ role }, turn) => {
    if (role !== 'assistant') return [];
    const span = { start: headerEnd(rendering, turn), end: endOf(rendering, turn + 1) };
    return [trimAfterEnd(rendering.text, span, eosToken)];
  });
}

/**
 * Renders a conversation and marks what the assistant wrote: by the template's `{% generation %}` blocks where it has
 * them (as `transformers`' `return_assistant_tokens_mask`), else by comparing the renderings that end before and after
 * each assistant turn, up to and including its end-of-sequence token.
 * @throws DataError when the template rewrites earlier turns, naming the first differing place.
 */
export function renderWithMask(
  tokenizer: Tokenizer,
  messages: readonly Message[],
  options: MaskOptions = {},
): RenderedConversation {
  const template = requireChatTemplate(tokenizer);
  const text = renderTemplate(template, tokenizer, messages, options);
  const rendering = { template, tokenizer, messages, options, text };
  assertTurnsStay(rendering);
  const find = template.search(GENERATION) === -1 ? spansByPrefix : spansByGeneration;
  const { tokens, spanMask } = encodeSpans(tokenizer, text, find(rendering));
  return { text, tokens, assistantMask: spanMask };
}
