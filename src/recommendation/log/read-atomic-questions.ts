import { DataError } from '../../errors.ts';
import type { Columns } from '../../types.ts';
import { FindingCounter } from './finding.ts';
import type { KeyedQuestion, QuestionTable } from './question.ts';
import { readAtomic } from './read-atomic.ts';
import { isKey } from './read-inter-json.ts';
import { atLine } from './read-rows.ts';

const COLUMNS = ['user_id', 'item_id_list', 'item_id'] as const;

/** Reads a split of RecBole's sequential benchmarks: `user_id:token`, `item_id_list:token_seq`, `item_id:token`. */
export async function readAtomicQuestions(file: string): Promise<QuestionTable> {
  const malformed = new FindingCounter('malformed_rows', 'rows that could not be read, left out');
  const questions: KeyedQuestion[] = [];
  for await (const result of readAtomic(file)) {
    if (result.error) {
      malformed.add(() => result.error.message);
      continue;
    }
    requireColumns(file, result.columns);
    const question = toQuestion(result.columns);
    if (question !== undefined) questions.push(question);
    else
      malformed.add(() =>
        atLine(file, result.line, 'expected a user, a history of one item or more, and an item'),
      );
  }
  return { questions, findings: malformed.findings() };
}

function requireColumns(file: string, row: Columns): void {
  const missing = COLUMNS.find((name) => !Object.hasOwn(row, name));
  if (missing === undefined) return;
  throw new DataError(
    `expected columns ${COLUMNS.join(', ')}, found ${Object.keys(row).join(', ')}`,
    { file, line: 1 },
  );
}

function toQuestion(row: Columns): KeyedQuestion | undefined {
  const { user_id: user, item_id_list: history, item_id: target } = row;
  if (!isKey(user) || !isKey(target) || !Array.isArray(history) || history.length === 0)
    return undefined;
  return { user: String(user), history: history.map(String), target: String(target) };
}
