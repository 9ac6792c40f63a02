import { ConfigError } from '../errors.ts';
import { canWrite } from './can-write.ts';
import { DEFAULT_KS, type Estimate, estimate, hitRate, ndcg, rankOf } from './ranking-metrics.ts';
import type {
  ItemLanguage,
  NextItem,
  RankedItem,
  RecommendationData,
  Recommender,
} from './types.ts';

export interface EvaluationProgress {
  readonly done: number;
  readonly total: number;
  readonly usersPerSecond: number;
}

export interface EvaluationOptions {
  /** Cut-offs; the largest is how many items are asked for. */
  readonly ks?: readonly number[];
  readonly data: Pick<RecommendationData, 'items'>;
  /** The recommender's, where it writes items: tells which targets share their path with others. */
  readonly language?: ItemLanguage | undefined;
  /** Histories asked about at one time. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: EvaluationProgress) => void;
}

/** What holds at one cut-off. */
export interface CutOff {
  readonly k: number;
  readonly hitRate: Estimate;
  readonly ndcg: Estimate;
  /** Share of the catalogue that was recommended to somebody. */
  readonly coverage: number;
  /** Share of what was recommended that the history has already. */
  readonly repetition: number;
}

export interface Evaluation {
  readonly name: string;
  readonly users: number;
  readonly cutOffs: readonly CutOff[];
  /** Share of what was recommended that is no item of the catalogue, or is in its list twice. */
  readonly invalidRate: number;
  /** Lists shorter than the largest cut-off. */
  readonly shortLists: number;
  /** Targets whose path stands for other items too; null for a recommender without paths. */
  readonly sharedTargets: number | null;
  readonly wallSeconds: number;
  readonly usersPerSecond: number;
  /** Rank of each question's target, counted from 1; 0 where it is not in the list. */
  readonly ranks: readonly number[];
  /** The same once items of its history are taken out of the list; lists do not grow by it. */
  readonly ranksLeftOut: readonly number[];
}

interface Answer {
  readonly question: NextItem;
  readonly ranked: readonly RankedItem[];
}

/** Asks in batches, telling how far it is. */
async function ask(
  recommender: Recommender,
  questions: readonly NextItem[],
  count: number,
  { batchSize = 256, signal, onProgress }: EvaluationOptions,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const start = performance.now();
  for (let first = 0; first < questions.length; first += batchSize) {
    signal?.throwIfAborted();
    const batch = questions.slice(first, first + batchSize);
    const histories = batch.map(({ history }) => history);
    const lists = await recommender.recommend(histories, count, signal);
    answers.push(...batch.map((question, place) => ({ question, ranked: lists[place]! })));
    const usersPerSecond = answers.length / ((performance.now() - start) / 1000);
    onProgress?.({ done: answers.length, total: questions.length, usersPerSecond });
  }
  return answers;
}

function cutOff(k: number, answers: readonly Answer[], ranks: readonly number[], items: number) {
  const seen = new Set<number>();
  let [given, repeated] = [0, 0];
  for (const { question, ranked } of answers) {
    const history = new Set(question.history);
    for (const { item } of ranked.slice(0, k)) {
      seen.add(item);
      given++;
      if (history.has(item)) repeated++;
    }
  }
  return {
    k,
    hitRate: estimate(ranks.map((rank) => hitRate(rank, k))),
    ndcg: estimate(ranks.map((rank) => ndcg(rank, k))),
    coverage: seen.size / items,
    repetition: given === 0 ? 0 : repeated / given,
  };
}

/** What is left of a list without the items of its history. */
const unseen = ({ question, ranked }: Answer): RankedItem[] =>
  ranked.filter(({ item }) => !question.history.includes(item));

/** Share of the entries that are no item, or stand in their list a second time. */
function invalidRate(answers: readonly Answer[], items: number): number {
  let [given, invalid] = [0, 0];
  for (const { ranked } of answers) {
    const valid = ranked.filter(({ item }) => Number.isInteger(item) && item >= 0 && item < items);
    given += ranked.length;
    invalid += ranked.length - new Set(valid.map(({ item }) => item)).size;
  }
  return given === 0 ? 0 : invalid / given;
}

/** Targets that the language writes as it writes another item. */
function countShared(questions: readonly NextItem[], language: ItemLanguage): number {
  const isWritten = canWrite(language);
  const isShared = ({ target }: NextItem) =>
    isWritten(target) && language.itemsOf(language.tokensOf(target)).length > 1;
  return questions.filter(isShared).length;
}

function assertKs(ks: readonly number[]): void {
  if (ks.length > 0 && ks.every((k) => Number.isInteger(k) && k > 0)) return;
  throw new ConfigError(`cut-offs are positive whole numbers; found [${ks.join(', ')}]`);
}

/**
 * Measures a recommender on questions, each ranked over the whole catalogue: the recommender sees the history alone, so
 * that the answer cannot move its rank.
 * @throws ConfigError without questions or for cut-offs that are none.
 */
export async function evaluateRecommender(
  recommender: Recommender,
  questions: readonly NextItem[],
  options: EvaluationOptions,
): Promise<Evaluation> {
  const { ks = DEFAULT_KS, data, language } = options;
  assertKs(ks);
  if (questions.length === 0) throw new ConfigError('there are no questions to evaluate on');
  const start = performance.now();
  const answers = await ask(recommender, questions, Math.max(...ks), options);
  const wallSeconds = (performance.now() - start) / 1000;
  const ranks = answers.map(({ question, ranked }) => rankOf(ranked, question.target));
  return {
    name: recommender.name,
    users: questions.length,
    cutOffs: [...ks].sort((a, b) => a - b).map((k) => cutOff(k, answers, ranks, data.items.length)),
    invalidRate: invalidRate(answers, data.items.length),
    shortLists: answers.filter(({ ranked }) => ranked.length < Math.max(...ks)).length,
    sharedTargets: language === undefined ? null : countShared(questions, language),
    wallSeconds,
    usersPerSecond: questions.length / wallSeconds,
    ranks,
    ranksLeftOut: answers.map((answer) => rankOf(unseen(answer), answer.question.target)),
  };
}
