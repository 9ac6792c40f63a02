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
import type { Prepared, PrepareOptions } from './prepare-log.ts';
import { chainQuestions, trainFromHistories } from './splits/question-chains.ts';
import type { NextItem } from './types.ts';

/**
 * Makes a data set of questions as they come: users, histories and targets as the files have them, each question with
 * its own target, whatever others with the same history ask for. Listed items that nobody took stay. Filters and splits
 * that are asked for do nothing here, which is reported.
 */
export function prepareQuestions(
  name: string,
  files: QuestionFiles,
  sources: ItemSources,
  options: PrepareOptions = {},
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
      ...ignoredOptions(options),
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

/** What would have changed a log. */
function ignoredOptions(options: PrepareOptions): Finding[] {
  const { split, minUserEvents = 1, minItemEvents = 1, repeats, maxHistory } = options;
  const asked = {
    'the split by time': split === 'time',
    'fewest events of a user': minUserEvents > 1,
    'fewest events of an item': minItemEvents > 1,
    'repeats of an item': repeats === 'item',
    'longest history': maxHistory !== undefined,
    'required titles': options.requireTitle === true,
    'required semantic ids': options.requireSemanticId === true,
  };
  const names = Object.entries(asked).flatMap(([name, isAsked]) => (isAsked ? [name] : []));
  if (names.length === 0) return [];
  const text = `options that do nothing, since this split comes as files and is taken as it is: ${names.join(', ')}`;
  return [{ name: 'ignored_options', count: names.length, text, examples: [] }];
}
