import { createHash } from 'node:crypto';
import { ConfigError } from '../errors.ts';
import type { Dataset } from './dataset.ts';
import { purposeSeed } from './random.ts';
import { shuffledOrder } from './shuffled-order.ts';

/** How much is held out, and by which draw. */
export interface TrainTestSplitOptions {
  /** A share below 1, or a number of rows. */
  readonly testSize: number;
  readonly seed?: number;
}

function part(dataset: Dataset, name: string, indices: readonly number[], tag: string): Dataset {
  const hash = createHash('sha256').update(`${dataset.fingerprint} ${tag}`).digest('hex');
  return {
    ...dataset,
    name: `${dataset.name} (${name})`,
    rows: indices.map((index) => dataset.rows[index]!),
    fingerprint: hash.slice(0, 16),
  };
}

/** Holds out rows at random, by seed; both parts keep file order and the rows' numbers, and share no row. */
export function trainTestSplit(
  dataset: Dataset,
  { testSize, seed = 0 }: TrainTestSplitOptions,
): { train: Dataset; test: Dataset } {
  const total = dataset.rows.length;
  const count = testSize < 1 ? Math.round(total * testSize) : testSize;
  if (!Number.isInteger(count) || count < 1 || count >= total) {
    throw new ConfigError(
      `trainTestSplit: testSize ${testSize} holds out ${count} of ${total} rows; both parts need at least one`,
    );
  }
  const order = [...shuffledOrder(total, purposeSeed(seed, 'hold-out'))];
  const ascending = (a: number, b: number) => a - b;
  const tag = `${count} ${seed}`;
  return {
    train: part(dataset, 'train part', order.slice(count).sort(ascending), `train ${tag}`),
    test: part(dataset, 'test part', order.slice(0, count).sort(ascending), `test ${tag}`),
  };
}
