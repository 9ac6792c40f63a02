import { readFileSync } from 'node:fs';
import { DataError } from '../../../errors.ts';
import type { Item } from '../../../recommendation/types.ts';

/** How alike two items are, by their places in the catalogue: a cosine. */
export type ItemSimilarity = (a: number, b: number) => number;

/** Words as a search engine would index them: letters and digits, lower case. */
const wordsOf = ({ title = '', text = '' }: Item): string[] =>
  `${title} ${text}`.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** Weights of an item's words, of length 1 together; empty where it has no word. */
type Weights = ReadonlyMap<string, number>;

function countWords(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function toUnitLength(weights: readonly (readonly [string, number])[]): Weights {
  const length = Math.hypot(...weights.map(([, weight]) => weight));
  return new Map(weights.map(([word, weight]) => [word, length === 0 ? 0 : weight / length]));
}

function dot(a: Weights, b: Weights): number {
  const [few, many] = a.size <= b.size ? [a, b] : [b, a];
  let sum = 0;
  for (const [word, weight] of few) sum += weight * (many.get(word) ?? 0);
  return sum;
}

/**
 * Cosine of TF-IDF weights of title and text.
 *   w(t, d) = tf(t, d) · (ln((1 + N) / (1 + df(t))) + 1),   each d scaled to length 1
 * The smoothed form of scikit-learn's TfidfVectorizer; the paper takes a text encoder's vectors, which
 * `vectorSimilarity` reads from a file.
 * @throws DataError where no item has a word.
 */
export function tfidfSimilarity(items: readonly Item[]): ItemSimilarity {
  const counts = items.map((item) => countWords(wordsOf(item)));
  if (counts.every(({ size }) => size === 0))
    throw new DataError(
      'semantic reward: no item has a title or text to compare; name a file of vectors, or take another reward',
    );
  const documents = countWords(counts.flatMap((words) => [...words.keys()]));
  const idf = (word: string) => Math.log((1 + items.length) / (1 + documents.get(word)!)) + 1;
  const weights = counts.map((words) =>
    toUnitLength([...words].map(([word, count]) => [word, count * idf(word)])),
  );
  return (a, b) => (a === b ? 1 : dot(weights[a]!, weights[b]!));
}

function readVector(line: string, file: string, number: number): [string, number[]] {
  const parsed: unknown = JSON.parse(line);
  const { key, vector } = parsed as { key?: unknown; vector?: unknown };
  const isVector = Array.isArray(vector) && vector.length > 0 && vector.every(Number.isFinite);
  if (typeof key === 'string' && isVector) return [key, vector as number[]];
  throw new DataError('expected {"key": "…", "vector": [numbers]}', { file, line: number });
}

/**
 * Cosine of vectors read from a file of lines `{"key": "…", "vector": [0.1, …]}`, one for each item by its key.
 * @throws DataError for a line that cannot be read, an item without a vector, or vectors of different lengths.
 */
export function vectorSimilarity(items: readonly Item[], file: string): ItemSimilarity {
  const lines = readFileSync(file, 'utf8').split('\n');
  const byKey = new Map(
    lines.flatMap((line, l) => (line.trim() === '' ? [] : [readVector(line, file, l + 1)])),
  );
  const vectors = items.map(({ key }) => {
    const vector = byKey.get(key);
    if (vector !== undefined) return unitVector(vector);
    throw new DataError(`item ${JSON.stringify(key)} has no vector`, { file });
  });
  const odd = vectors.findIndex(({ length }) => length !== vectors[0]!.length);
  if (odd >= 0) {
    throw new DataError(
      `the vector of item ${JSON.stringify(items[odd]!.key)} has ${vectors[odd]!.length} numbers, the first one ${vectors[0]!.length}`,
      { file },
    );
  }
  return (a, b) => vectors[a]!.reduce((sum, value, i) => sum + value * vectors[b]![i]!, 0);
}

function unitVector(vector: readonly number[]): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return Float64Array.from(vector, (value) => (length === 0 ? 0 : value / length));
}
