import { DataError } from '../errors.ts';
import {
  catalogueFindings,
  catalogueKeys,
  describeItem,
  type ItemSources,
} from './log/catalogue.ts';
import type { Finding } from './log/finding.ts';
import type { KeyedQuestion, QuestionFiles } from './log/question.ts';
import { sharedNameFindings } from './log/shared-names.ts';
import { countItems } from './popularity.ts';
import type { Prepared } from './prepare-log.ts';
import { chainQuestions, trainFromHistories } from './splits/question-chains.ts';
import type { NextItem } from './types.ts';

/**
 * Makes a data set of questions as they come: users, histories and targets as the files have them, each question with
 * its own target, whatever others with the same history ask for. Listed items that nobody took stay.
 */
export function prepareQuestions(
  name: string,
  files: QuestionFiles,
  sources: ItemSources,
): Prepared {
  const tables = [files.train, files.valid, files.test].filter((table) => table !== undefined);
  const taken = new Set(
    tables.flatMap(({ questions }) =>
      questions.flatMap(({ history, target }) => [...history, target]),
    ),
  );
  if (taken.size === 0) throw new DataError(`${name}: there is no question that can be read`);
  const items = catalogueKeys(taken, sources, 'kept').map((key) => describeItem(key, sources));
  const places = new Map(items.map(({ key }, place) => [key, place]));
  const [valid, test] = [files.valid, files.test].map((table) => toPlaces(table.questions, places));
  const train =
    files.train === undefined
      ? trainFromHistories(valid!, test!)
      : chainQuestions(toPlaces(files.train.questions, places));
  const popularity = countItems(train, items.length);
  const data = { name, items, train, valid: valid!, test: test!, popularity };
  return {
    data,
    report: [
      ...tables.flatMap(({ findings }) => findings),
      ...(sources.items?.findings ?? []),
      ...(sources.semanticIds?.findings ?? []),
      ...(files.train === undefined ? [trainFinding(train.length)] : []),
      ...catalogueFindings(items, taken, sources, 'kept'),
      ...sharedNameFindings(data),
    ],
  };
}

const trainFinding = (count: number): Finding => ({
  name: 'train_from_histories',
  count,
  text: 'sequences of train made of the histories of valid, less what is a target of the same user in valid or test: there is no file of train',
  examples: [],
});

function toPlaces(
  questions: readonly KeyedQuestion[],
  places: ReadonlyMap<string, number>,
): NextItem[] {
  return questions.map(({ user, history, target }) => ({
    user,
    history: history.map((key) => places.get(key)!),
    target: places.get(target)!,
  }));
}
