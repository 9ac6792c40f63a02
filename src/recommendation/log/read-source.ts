import { pathKind } from '../../data/local-data.ts';
import { DataError } from '../../errors.ts';
import { findFile, type SourceFiles } from '../source-files.ts';
import type { InteractionLog } from './interaction-log.ts';
import type { LogColumns } from './log-columns.ts';
import type { QuestionFiles, QuestionTable } from './question.ts';
import { readAtomicQuestions } from './read-atomic-questions.ts';
import { readInterJson } from './read-inter-json.ts';
import { readInteractions } from './read-interactions.ts';
import { readMiniOneRec } from './read-minionerec.ts';

/** A log to be split, or the files of a split that was made. */
export type ReadSource =
  | { readonly kind: 'log'; readonly log: InteractionLog }
  | { readonly kind: 'questions'; readonly files: QuestionFiles };

/**
 * Reads what a folder holds or a file is, by their names.
 * @throws DataError that says what is expected and what was found.
 */
export async function readSource(
  source: string,
  files: SourceFiles,
  columns: LogColumns = {},
): Promise<ReadSource> {
  if (pathKind(source) === 'file') return { kind: 'log', log: await readLog(source, columns) };
  const inter = findFile(files, 'inter.json');
  if (inter !== undefined) return { kind: 'log', log: await readInterJson(inter) };
  const questions =
    (await readQuestions(files, 'csv', readMiniOneRec)) ??
    (await readQuestions(files, 'inter', readAtomicQuestions));
  if (questions !== undefined) return { kind: 'questions', files: questions };
  const atomic = findFile(files, 'inter');
  if (atomic !== undefined) return { kind: 'log', log: await readInteractions(atomic, columns) };
  throw new DataError(
    `expected inter.json, valid.csv and test.csv, or a .inter file; found ${files.names.join(', ') || 'nothing'}; a log of another name is given as a file`,
    { file: source },
  );
}

const readLog = (file: string, columns: LogColumns): Promise<InteractionLog> =>
  /(^|\.)inter\.json$/.test(file.slice(file.lastIndexOf('/') + 1))
    ? readInterJson(file)
    : readInteractions(file, columns);

/** @returns nothing where valid or test is not there. */
async function readQuestions(
  files: SourceFiles,
  ending: string,
  read: (file: string) => Promise<QuestionTable>,
): Promise<QuestionFiles | undefined> {
  const [train, valid, test] = ['train', 'valid', 'test'].map((split) =>
    findFile(files, `${split}.${ending}`),
  );
  if (valid === undefined || test === undefined) return undefined;
  return {
    train: train === undefined ? undefined : await read(train),
    valid: await read(valid),
    test: await read(test),
  };
}
