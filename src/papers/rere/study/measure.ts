import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { purposeSeed, shuffledOrder } from '../../../data/index.ts';
import {
  DEFAULT_KS,
  type Estimate,
  type Evaluation,
  estimate,
  evaluateRecommender,
  hitRate,
  type ItemLanguage,
  type NextItem,
  ndcg,
  type RecommendationData,
  type Recommender,
} from '../../../recommendation/index.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import type { MeasureSettings } from './settings.ts';

/** Where targets rank, at a cut-off. */
export interface RankRecord {
  readonly k: number;
  readonly hitRate: number;
  readonly hitRateError: number;
  readonly ndcg: number;
  readonly ndcgError: number;
}

/** A cut-off of whole lists as cells keep it. */
export interface CutOffRecord extends RankRecord {
  readonly coverage: number;
  readonly repetition: number;
}

/** What was measured on one split. */
export interface SplitRecord {
  readonly users: number;
  /** Items of the history taken out of the lists, up to half their length. */
  readonly leftOut: readonly RankRecord[];
  /** Lists as they are. */
  readonly cutOffs: readonly CutOffRecord[];
  readonly invalidRate: number;
  readonly sharedTargets: number | null;
  readonly usersPerSecond: number;
}

export interface Measured {
  /** Null where its questions were learned. */
  readonly valid: SplitRecord | null;
  readonly test: SplitRecord;
}

/** Rounded: more digits than these say nothing. */
const rounded = (value: number): number => Number(value.toFixed(6));

function rankRecord(k: number, hits: Estimate, gains: Estimate): RankRecord {
  return {
    k,
    hitRate: rounded(hits.mean),
    hitRateError: rounded(hits.standardError),
    ndcg: rounded(gains.mean),
    ndcgError: rounded(gains.standardError),
  };
}

const leftOut = ({ ranksLeftOut: ranks, cutOffs }: Evaluation): RankRecord[] =>
  cutOffs
    .filter(({ k }) => 2 * k <= Math.max(...cutOffs.map(({ k: each }) => each)))
    .map(({ k }) =>
      rankRecord(
        k,
        estimate(ranks.map((rank) => hitRate(rank, k))),
        estimate(ranks.map((rank) => ndcg(rank, k))),
      ),
    );

const recordOf = (evaluation: Evaluation): SplitRecord => ({
  users: evaluation.users,
  leftOut: leftOut(evaluation),
  cutOffs: evaluation.cutOffs.map(({ k, hitRate: hits, ndcg: gains, coverage, repetition }) => ({
    ...rankRecord(k, hits, gains),
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
  /** Whether the questions of validation were learned; default no. */
  readonly isValidLearned?: boolean;
  readonly context: Pick<CellContext, 'folder' | 'report' | 'signal'>;
}

/** Ranks every validation and test target; leaves the test's ranks, history left out, in the cell's folder. */
export async function measure(
  recommender: Recommender,
  { data, language, settings, isValidLearned = false, context }: MeasureOptions,
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
  const valid = isValidLearned ? null : recordOf(await on('valid'));
  const test = await on('test');
  writeFileSync(join(folder, RANKS_FILE), JSON.stringify(test.ranksLeftOut));
  return { valid, test: recordOf(test) };
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
