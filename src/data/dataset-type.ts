import type { Columns } from '../types.ts';

/** TRL's dataset types, by the columns that make them. */
export type DatasetTypeName =
  | 'language-modeling'
  | 'messages'
  | 'prompt-only'
  | 'prompt-completion'
  | 'preference'
  | 'unpaired-preference'
  | 'stepwise-supervision'
  | 'unknown';

/** What kind of training a row is for, and whether it holds text or conversations. */
export interface DatasetType {
  readonly type: DatasetTypeName;
  readonly format: 'plain' | 'conversational';
}

const TEXT_COLUMNS = [
  'messages',
  'conversations',
  'prompt',
  'chosen',
  'rejected',
  'completion',
  'text',
];

/** Whether a value is a list of turns, each with a role (or ShareGPT's `from`). */
export function isConversation(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  const [turn] = value as unknown[];
  return typeof turn === 'object' && turn !== null && ('role' in turn || 'from' in turn);
}

function typeName(has: (column: string) => boolean): DatasetTypeName {
  if (has('chosen') && has('rejected')) return 'preference';
  if (has('prompt') && has('completions') && has('labels')) return 'stepwise-supervision';
  if (has('prompt') && has('completion')) {
    return has('label') ? 'unpaired-preference' : 'prompt-completion';
  }
  if (has('prompt')) return 'prompt-only';
  if (has('messages') || has('conversations')) return 'messages';
  return has('text') ? 'language-modeling' : 'unknown';
}

/**
 * Recognises TRL's dataset types by column names, and the conversational form by a row's values. Where columns allow
 * several readings the richest wins: prompt, chosen and rejected are a preference, not a prompt alone.
 */
export function datasetType(row: Columns): DatasetType {
  const conversational = TEXT_COLUMNS.some((column) => isConversation(row[column]));
  return {
    type: typeName((column) => Object.hasOwn(row, column)),
    format: conversational ? 'conversational' : 'plain',
  };
}
