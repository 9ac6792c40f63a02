import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { purposeSeed, shuffledOrder } from '../../../data/index.ts';
import {
  DEFAULT_KS,
  type Evaluation,
  estimate,
  evaluateRecommender,
  type ItemLanguage,
  type NextItem,
  ndcg,
  type RecommendationData,
  type Recommender,
} from '../../../recommendation/index.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import type { MeasureSettings } from './settings.ts';

/** A cut-off as cells keep it. */
export interface CutOffRecord {
  readonly k: number;
  readonly hitRate: number;
  readonly hitRateError: number;
  readonly ndcg: number;
  readonly ndcgError: number;
  readonly coverage: number;
  readonly repetition: number;
}

/** What was measured on one split. */
export interface SplitRecord {
  readonly users: number;
  readonly cutOffs: readonly CutOffRecord[];
  readonly invalidRate: number;
  readonly sharedTargets: number | null;
  readonly usersPerSecond: number;
}

export interface Measured {
  readonly valid: SplitRecord;
  readonly test: SplitRecord;
}

/** Rounded: more digits than these say nothing. */
const rounded = (value: number): number => Number(value.toFixed(6));

const recordOf = (evaluation: Evaluation): SplitRecord => ({
  users: evaluation.users,
  cutOffs: evaluation.cutOffs.map(({ k, hitRate, ndcg: gain, coverage, repetition }) => ({
    k,
    hitRate: rounded(hitRate.mean),
    hitRateError: rounded(hitRate.standardError),
    ndcg: rounded(gain.mean),
    ndcgError: rounded(gain.standardError),
    coverage: rounded(coverage),
    repetition: rounded(repetition),
  })),
  invalidRate: evaluation.invalidRate,
  sharedTargets: evaluation.sharedTargets,
  usersPerSecond: Math.round(evaluation.usersPerSecond),
});

/** All questions, or a choice that is the same for every arm and seed. */
function asked(questions: readonly NextItem[], count: number | null): readonly NextItem[] {
  if (count === null || count >= questions.length) return questions;
  const order = shuffledOrder(questions.length, purposeSeed(0, 'validation'), 1);
  return Array.from(order.slice(0, count))
    .sort((a, b) => a - b)
    .map((place) => questions[place]!);
}

const RANKS_FILE = 'test-ranks.json';

export interface MeasureOptions {
  readonly data: RecommendationData;
  /** Of a recommender that writes items. */
  readonly language?: ItemLanguage;
  readonly settings: MeasureSettings;
  readonly context: Pick<CellContext, 'folder' | 'report' | 'signal'>;
}

/** Ranks every validation and test target; leaves the test's ranks in the cell's folder. */
export async function measure(
  recommender: Recommender,
  { data, language, settings, context }: MeasureOptions,
): Promise<Measured> {
  const { folder, report, signal } = context;
  const ks = DEFAULT_KS.filter((k) => k <= settings.width);
  const on = (split: 'valid' | 'test') =>
    evaluateRecommender(
      recommender,
      asked(data[split], split === 'valid' ? settings.finalValidation : settings.finalTest),
      {
        ks,
        data,
        language,
        signal,
        onProgress: ({ done, total }) => report(`${split} ${done} of ${total}`),
      },
    );
  const [valid, test] = [await on('valid'), await on('test')];
  writeFileSync(join(folder, RANKS_FILE), JSON.stringify(test.ranks));
  return { valid: recordOf(valid), test: recordOf(test) };
}

/** A difference of two recommenders over the same questions. */
export interface PairedDifference {
  readonly mean: number;
  /** Of the differences question by question. */
  readonly standardError: number;
}

/** NDCG@10 on the test of one cell's folder less that of another's, question by question. */
export function pairedNdcg(own: string, other: string): PairedDifference {
  const read = (folder: string) =>
    JSON.parse(readFileSync(join(folder, RANKS_FILE), 'utf8')) as number[];
  const before = read(other);
  const differences = read(own).map((rank, q) => ndcg(rank, 10) - ndcg(before[q]!, 10));
  const { mean, standardError } = estimate(differences);
  return { mean: rounded(mean), standardError: rounded(standardError) };
}
