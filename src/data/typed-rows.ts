/** Rows as the trainers take them: TRL's dataset types, from columns of any name. */
import { DataError } from '../errors.ts';
import type { Example, Message, TextOrMessages } from '../types.ts';
import { columnOf, rowName } from './columns.ts';
import { isConversation } from './dataset-type.ts';
import { kindOf } from './row-result.ts';
import type { TextTemplate } from './template.ts';

/** A prompt to sample completions for; the row's other columns stay on the example, where rewards read them. */
export interface PromptExample {
  readonly example: Example;
  readonly prompt: TextOrMessages;
}

/** A prompt and the completion to learn. */
export interface PromptCompletionExample extends PromptExample {
  readonly completion: TextOrMessages;
}

/** A prompt with a better and a worse completion. */
export interface PreferenceExample extends PromptExample {
  readonly chosen: TextOrMessages;
  readonly rejected: TextOrMessages;
}

/** A whole conversation to learn the assistant's turns of. */
export interface MessagesExample {
  readonly example: Example;
  readonly messages: readonly Message[];
}

/** Where a row's prompt comes from. */
export interface PromptSource {
  /** Default `prompt`. Not read where a template is given. */
  readonly promptColumn?: string;
  /** Filled with the row's columns, in place of a prompt column. */
  readonly promptTemplate?: TextTemplate;
}

/** Where a preference row's prompt comes from. */
export interface PreferenceSource extends PromptSource {
  /**
   * What becomes of a prompt without a column of its own: cut off the beginning of both texts, which then must differ
   * behind it, or left there before an empty prompt. Extracted unless given.
   */
  readonly implicitPrompt?: 'extracted' | 'left in';
}

/** Where a row's prompt and completion come from. */
export interface PromptCompletionSource extends PromptSource {
  /** Default `completion`. Not read where a template is given. */
  readonly completionColumn?: string;
  readonly completionTemplate?: TextTemplate;
}

const SHAREGPT_ROLES: Record<string, string> = { human: 'user', gpt: 'assistant' };

function toMessage(turn: unknown, where: string): Message {
  const { from, value, ...rest } = turn as Record<string, unknown>;
  const spoken = typeof from === 'string' ? (SHAREGPT_ROLES[from] ?? from) : undefined;
  const { role = spoken, content = value ?? '', ...fields } = rest;
  if (typeof role !== 'string') {
    throw new DataError(
      `${where}: a turn has no role (found ${Object.keys(turn as object).join(', ')})`,
    );
  }
  if (content !== null && typeof content !== 'string' && !Array.isArray(content)) {
    throw new DataError(
      `${where}: the content of a ${role} turn is ${kindOf(content)}, expected text`,
    );
  }
  return { role, content: (content ?? '') as string, ...fields };
}

function textOrMessages(value: unknown, column: string, example: Example): TextOrMessages {
  if (typeof value === 'string') return value;
  const where = `${rowName(example)}, column ${JSON.stringify(column)}`;
  if (isConversation(value)) return (value as unknown[]).map((turn) => toMessage(turn, where));
  const found = Array.isArray(value) && value.length === 0 ? 'an empty array' : kindOf(value);
  throw new DataError(`${where}: expected text or a list of {role, content} turns, found ${found}`);
}

function part(example: Example, column: string, template: TextTemplate | undefined) {
  if (template) return template.fill(example.columns, rowName(example));
  return textOrMessages(columnOf(example.columns, column, rowName(example)), column, example);
}

/** Reads a prompt-only row. */
export function toPromptExample(
  example: Example,
  { promptColumn = 'prompt', promptTemplate }: PromptSource = {},
): PromptExample {
  return { example, prompt: part(example, promptColumn, promptTemplate) };
}

/** Reads a prompt–completion row; templates may make both from other columns. */
export function toPromptCompletion(
  example: Example,
  { completionColumn = 'completion', completionTemplate, ...prompt }: PromptCompletionSource = {},
): PromptCompletionExample {
  const completion = part(example, completionColumn, completionTemplate);
  return { ...toPromptExample(example, prompt), completion };
}

function commonLength(a: ArrayLike<unknown>, b: ArrayLike<unknown>): number {
  const same = (index: number) => JSON.stringify(a[index]) === JSON.stringify(b[index]);
  let length = 0;
  while (length < a.length && length < b.length && same(length)) length += 1;
  return length;
}

/** Length of the prompt two texts share: whole characters, a space before the first difference left to the completions. */
function sharedText(chosen: string, rejected: string): number {
  let length = commonLength(chosen, rejected);
  const splitsPair = /[\uD800-\uDBFF]/.test(chosen[length - 1] ?? '');
  if (splitsPair) length -= 1;
  return chosen[length - 1] === ' ' ? length - 1 : length;
}

function extractPrompt(chosen: TextOrMessages, rejected: TextOrMessages, where: string) {
  if ((typeof chosen === 'string') !== (typeof rejected === 'string')) {
    throw new DataError(`${where}: one of chosen and rejected is text, the other a conversation`);
  }
  const shared =
    typeof chosen === 'string'
      ? sharedText(chosen, rejected as string)
      : commonLength(chosen, rejected);
  if (shared === chosen.length || shared === rejected.length) {
    throw new DataError(
      `${where}: chosen and rejected do not differ after their common beginning, so one completion would be empty`,
    );
  }
  return {
    prompt: chosen.slice(0, shared),
    chosen: chosen.slice(shared),
    rejected: rejected.slice(shared),
  };
}

/**
 * Reads a preference row. Without a prompt column the prompt is what `chosen` and `rejected` begin with alike, by
 * characters or by turns, as TRL's `extract_prompt`.
 * Departures: a pair where one begins with the whole other is an error (TRL moves the last element over), and a pair
 * that differs at once has an empty prompt (TRL may cut the last character instead).
 */
export function toPreference(example: Example, source: PreferenceSource = {}): PreferenceExample {
  const chosen = part(example, 'chosen', undefined);
  const rejected = part(example, 'rejected', undefined);
  const { promptColumn = 'prompt', promptTemplate, implicitPrompt = 'extracted' } = source;
  if (promptTemplate || Object.hasOwn(example.columns, promptColumn)) {
    return { ...toPromptExample(example, source), chosen, rejected };
  }
  if (implicitPrompt === 'left in') {
    return { example, prompt: typeof chosen === 'string' ? '' : [], chosen, rejected };
  }
  return { example, ...extractPrompt(chosen, rejected, rowName(example)) };
}

/** Reads a conversation from `messages`, or from ShareGPT's `conversations` (`from`, `value`; human, gpt). */
export function toMessages(example: Example, messagesColumn?: string): MessagesExample {
  const { columns } = example;
  const column =
    messagesColumn ??
    (Object.hasOwn(columns, 'messages') || !Object.hasOwn(columns, 'conversations')
      ? 'messages'
      : 'conversations');
  const messages = part(example, column, undefined);
  if (typeof messages !== 'string') return { example, messages };
  throw new DataError(
    `${rowName(example)}, column ${JSON.stringify(column)}: expected a list of {role, content} turns, found a string`,
  );
}
