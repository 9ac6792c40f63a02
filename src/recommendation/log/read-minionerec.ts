import { readCsv } from '../../data/read-csv.ts';
import { DataError } from '../../errors.ts';
import type { Columns } from '../../types.ts';
import { FindingCounter } from './finding.ts';
import type { KeyedQuestion, QuestionTable } from './question.ts';
import { isKey } from './read-inter-json.ts';
import { atLine } from './read-rows.ts';

const COLUMNS = ['user_id', 'history_item_id', 'item_id'] as const;

/**
 * Reads a split as MiniOneRec writes it: CSV with `user_id`, `history_item_id` (`[3437, 642]`, oldest first) and
 * `item_id`, the item that followed. Titles and semantic ids are read from the item and index files instead.
 */
export async function readMiniOneRec(file: string): Promise<QuestionTable> {
  const malformed = new FindingCounter('malformed_rows', 'rows that could not be read, left out');
  const questions: KeyedQuestion[] = [];
  let isFirst = true;
  for await (const result of readCsv(file)) {
    if (result.error) {
      malformed.add(() => result.error.message);
      continue;
    }
    if (isFirst) requireColumns(file, result.columns);
    isFirst = false;
    const question = toQuestion(result.columns);
    if (typeof question !== 'string') questions.push(question);
    else malformed.add(() => atLine(file, result.line, question));
  }
  return { questions, findings: malformed.findings() };
}

function requireColumns(file: string, columns: Columns): void {
  const missing = COLUMNS.find((name) => !Object.hasOwn(columns, name));
  if (missing === undefined) return;
  throw new DataError(
    `expected columns ${COLUMNS.join(', ')}, found ${Object.keys(columns).join(', ')}`,
    { file, line: 1 },
  );
}

/** @returns what is wrong, where it is no question. */
function toQuestion(columns: Columns): KeyedQuestion | string {
  const { user_id: user, item_id: target, history_item_id: text } = columns;
  if (!isKey(user)) return 'user_id is empty';
  if (!isKey(target)) return 'item_id is empty';
  const history = parseList(String(text));
  if (history === undefined)
    return `expected history_item_id to be a list of ids such as [12, 7], found ${String(text).slice(0, 40)}`;
  return { user: String(user), history, target: String(target) };
}

/** A list as Python prints it, of numbers or of quoted ids; nothing where it is none or empty. */
function parseList(text: string): string[] | undefined {
  const inside = /^\s*\[(.*)\]\s*$/s.exec(text)?.[1];
  if (inside === undefined || inside.trim() === '') return undefined;
  const keys = inside.split(',').map((each) => each.trim().replace(/^(['"])(.*)\1$/s, '$2'));
  return keys.every((key) => key !== '') ? keys : undefined;
}
