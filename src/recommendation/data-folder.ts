/**
 * A prepared data set on disk: a folder of
 *   about.json               version, name, counts, and the report of its preparation
 *   items.jsonl              {key, title, text, semanticId}, one line per place of the catalogue
 *   train.jsonl              {user, items, firstTarget}
 *   valid.jsonl, test.jsonl  {user, history, target}
 * where items are places. A sequence of a single item teaches no step but counts in popularity.
 */
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { DataError, StorageError } from '../errors.ts';
import type { Finding } from './log/finding.ts';
import { parseJson, readRecords, recordsText } from './log/records.ts';
import { countItems } from './popularity.ts';
import type { Item, NextItem, RecommendationData, UserSequence } from './types.ts';

const ABOUT = 'about.json';
const FORMAT = 1;

const finding: z.ZodType<Finding> = z.strictObject({
  name: z.string(),
  count: z.int(),
  text: z.string(),
  examples: z.array(z.string()),
});
const about = z.object({
  format: z.literal(FORMAT),
  name: z.string(),
  counts: z.object({ items: z.int(), train: z.int(), valid: z.int(), test: z.int() }),
  report: z.array(finding),
});

/** What about.json says. */
export type RecommendationAbout = z.infer<typeof about>;

const item = z.strictObject({
  key: z.string(),
  title: z.string().optional(),
  text: z.string().optional(),
  semanticId: z.array(z.string().min(1)).min(1).optional(),
});
const place = z.int().min(0);
const sequence = z.strictObject({
  user: z.string(),
  items: z.array(place).min(1),
  firstTarget: z.int().min(1),
});
const question = z.strictObject({
  user: z.string(),
  history: z.array(place).min(1),
  target: place,
});

/** Whether a path is a folder that {@link writeRecommendationData} wrote. */
export const isRecommendationData = (folder: string): boolean => existsSync(join(folder, ABOUT));

/**
 * Writes a prepared data set, with what its preparation reported. An earlier one in the folder's place is replaced by
 * rename: a reader sees the old data or the new.
 * @throws DataError where the folder holds something else; StorageError where the disk refuses.
 */
export function writeRecommendationData(
  folder: string,
  data: RecommendationData,
  report: readonly Finding[] = [],
): void {
  const target = resolve(folder);
  refuseForeign(target);
  const files = filesOf(data, report);
  const temporary = join(
    dirname(target),
    `.${basename(target)}.${randomBytes(4).toString('hex')}.tmp`,
  );
  try {
    mkdirSync(temporary, { recursive: true });
    for (const [name, text] of files) writeFileSync(join(temporary, name), text);
    replaceFolder(target, temporary);
  } catch (cause) {
    rmSync(temporary, { recursive: true, force: true });
    throw StorageError.from(target, cause);
  }
}

function filesOf(
  data: RecommendationData,
  report: readonly Finding[],
): [string, string | Buffer][] {
  const { name, items, train, valid, test } = data;
  const counts = {
    items: items.length,
    train: train.length,
    valid: valid.length,
    test: test.length,
  };
  const head: RecommendationAbout = { format: FORMAT, name, counts, report: [...report] };
  return [
    ['items.jsonl', recordsText(items)],
    ['train.jsonl', recordsText(train)],
    ['valid.jsonl', recordsText(valid)],
    ['test.jsonl', recordsText(test)],
    [ABOUT, `${JSON.stringify(head, null, 2)}\n`],
  ];
}

function refuseForeign(folder: string): void {
  if (!existsSync(folder)) return;
  if (statSync(folder).isDirectory()) {
    if (readdirSync(folder).length === 0 || isRecommendationData(folder)) return;
  }
  throw new DataError(
    `${folder}: there is something other than a prepared data set; choose another folder to write`,
  );
}

/** A folder cannot be renamed over one that holds files, so the old one goes aside first and comes back on failure. */
function replaceFolder(target: string, temporary: string): void {
  const aside = `${temporary}.old`;
  const hadOne = existsSync(target);
  if (hadOne) renameSync(target, aside);
  try {
    renameSync(temporary, target);
  } catch (cause) {
    if (hadOne) renameSync(aside, target);
    throw cause;
  }
  rmSync(aside, { recursive: true, force: true });
}

/**
 * What about.json of a prepared data set says: name, counts, report.
 * @throws DataError where it is missing or of another version.
 */
export function readRecommendationAbout(folder: string): RecommendationAbout {
  const file = join(folder, ABOUT);
  if (!existsSync(file))
    throw new DataError('no prepared data set is here; laurel recommend prepare makes one', {
      file: folder,
    });
  const parsed = about.safeParse(parseJson(readFileSync(file, 'utf8'), { file }));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DataError(`${issue!.message} at ${issue!.path.join('.')}; prepare the data again`, {
    file,
    cause: parsed.error,
  });
}

/**
 * Reads a prepared data set.
 * @throws DataError with file, line and reason where a file is missing, damaged, incomplete, or names a place that the
 * catalogue does not have.
 */
export function readRecommendationData(folder: string): RecommendationData {
  const { name, counts } = readRecommendationAbout(folder);
  const read = <Schema extends z.ZodType>(part: keyof typeof counts, schema: Schema) => {
    const file = join(folder, `${part}.jsonl`);
    const records = readRecords(file, schema);
    if (records.length === counts[part]) return { file, records };
    throw new DataError(
      `expected ${counts[part]} lines, as ${ABOUT} says, found ${records.length}; prepare the data again`,
      { file },
    );
  };
  const { records } = read('items', item);
  const items = records.map(toItem);
  const train = read('train', sequence);
  checkSequences(train.file, train.records, items.length);
  const [valid, test] = (['valid', 'test'] as const).map((part) => {
    const { file, records } = read(part, question);
    checkQuestions(file, records, items.length);
    return records;
  });
  const popularity = countItems(train.records, items.length);
  return { name, items, train: train.records, valid: valid!, test: test!, popularity };
}

/** JSON has no undefined; an item has all its fields. */
const toItem = ({ key, title, text, semanticId }: z.infer<typeof item>): Item => ({
  key,
  title,
  text,
  semanticId,
});

function checkPlaces(file: string, line: number, places: readonly number[], count: number): void {
  const beyond = places.find((each) => each >= count);
  if (beyond === undefined) return;
  throw new DataError(
    `names item ${beyond}, but items.jsonl has ${count}; prepare the data again`,
    {
      file,
      line,
    },
  );
}

function checkSequences(file: string, sequences: readonly UserSequence[], count: number): void {
  for (const [index, { items, firstTarget }] of sequences.entries()) {
    checkPlaces(file, index + 1, items, count);
    if (firstTarget <= items.length) continue;
    throw new DataError(`firstTarget is ${firstTarget}, beyond the ${items.length} items`, {
      file,
      line: index + 1,
    });
  }
}

function checkQuestions(file: string, questions: readonly NextItem[], count: number): void {
  for (const [index, { history, target }] of questions.entries())
    checkPlaces(file, index + 1, [...history, target], count);
}
