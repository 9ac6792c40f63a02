import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CheckpointError } from '../errors.ts';
import { replaceFile } from '../tensor/index.ts';
import type { Item } from './types.ts';

const FILE = 'recommender.json';

const itemSchema = z.strictObject({
  key: z.string(),
  title: z.string().optional(),
  semanticId: z.array(z.string()).optional(),
});

const recommenderSchema = z.strictObject({
  format: z.literal(1),
  /** Who reads the rest of the folder. */
  method: z.string(),
  /** Of the data set it was trained on. */
  dataset: z.string(),
  /** What the method keeps of its own. */
  settings: z.record(z.string(), z.unknown()),
  /** Whether the questions of validation were learned, by it or by what it goes on from; left out: no. */
  isValidLearned: z.boolean().optional(),
  /** How often each item occurs in training, by place. */
  popularity: z.array(z.number()),
  /** By place. */
  items: z.array(itemSchema),
});

/** What `recommender.json` says: the catalogue that a recommender answers from, and how to read the folder. */
export type RecommenderFile = Readonly<
  Omit<z.infer<typeof recommenderSchema>, 'format' | 'items'> & { items: readonly Item[] }
>;

/** Writes `recommender.json` into a folder, made where it is missing. Items keep their key, title and semantic id. */
export function writeRecommenderFile(folder: string, { items, ...rest }: RecommenderFile): void {
  const kept = items.map(({ key, title, semanticId }) => ({ key, title, semanticId }));
  mkdirSync(folder, { recursive: true });
  const text = `${JSON.stringify({ format: 1, ...rest, items: kept })}\n`;
  replaceFile(join(folder, FILE), (put) => put(Buffer.from(text)));
}

/** Whether `laurel recommend train` wrote a folder. */
export const isRecommender = (folder: string): boolean => existsSync(join(folder, FILE));

function readText(folder: string): string {
  if (isRecommender(folder)) return readFileSync(join(folder, FILE), 'utf8');
  const found = existsSync(folder)
    ? `found ${readdirSync(folder).slice(0, 10).join(', ') || 'nothing'}`
    : 'there is no such folder';
  throw new CheckpointError(
    `${folder}: no ${FILE} (${found}); name a folder that laurel recommend train wrote`,
  );
}

/** @throws CheckpointError where it is missing or not as written. */
export function readRecommenderFile(folder: string): RecommenderFile {
  const file = join(folder, FILE);
  const text = readText(folder);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`${file}: not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = recommenderSchema.safeParse(json);
  if (!parsed.success) throw new CheckpointError(`${file}: ${z.prettifyError(parsed.error)}`);
  const { format: _, items, ...rest } = parsed.data;
  if (items.length !== rest.popularity.length)
    throw new CheckpointError(
      `${file}: ${items.length} items but ${rest.popularity.length} counts of popularity`,
    );
  return {
    ...rest,
    items: items.map(({ key, title, semanticId }) => ({ key, title, semanticId, text: undefined })),
  };
}
