/** Shares of n-grams that are distinct, averaged over n; three ways of counting. Null where there is no n-gram. */
export interface NgramDiversity {
  /** N / C: distinct n-grams among all. */
  readonly distinct: number | null;
  /** EAD with V_n = Vⁿ: about 1 for random text, whatever the vocabulary. */
  readonly adjusted: number | null;
  /** EAD with V for every n, as Shi et al. write it: above 1, without bound, for n > 1 on small vocabularies. */
  readonly adjustedByVocabulary: number | null;
  /** Tokens counted. */
  readonly tokens: number;
}

export interface NgramOptions {
  /** V. */
  readonly vocabularySize: number;
  /** n = 1 … longest. */
  readonly longest?: number;
  /** Tokens counted, from the start of the first text on, the last one cut; Infinity: all. */
  readonly tokenBudget?: number;
}

/**
 * How many of V outcomes C uniform draws are expected to find: V [1 − ((V − 1) / V)^C], without loss of digits where
 * V is as large as Vⁿ.
 */
export const expectedDistinct = (outcomes: number, draws: number): number =>
  -outcomes * Math.expm1(draws * Math.log1p(-1 / outcomes));

/** The first `budget` tokens of texts, in order. */
function within(texts: readonly (readonly number[])[], budget: number): (readonly number[])[] {
  const kept: (readonly number[])[] = [];
  let left = budget;
  for (const text of texts) {
    if (left <= 0) break;
    kept.push(text.length <= left ? text : text.slice(0, left));
    left -= text.length;
  }
  return kept;
}

interface NgramCount {
  readonly n: number;
  readonly distinct: number;
  readonly total: number;
}

/** Distinct n-grams and all of them; none reaches over the border of two texts. */
function countNgrams(texts: readonly (readonly number[])[], n: number): NgramCount {
  const found = new Set<string>();
  let total = 0;
  for (const text of texts) {
    for (let start = 0; start + n <= text.length; start++) {
      found.add(text.slice(start, start + n).join());
      total++;
    }
  }
  return { n, distinct: found.size, total };
}

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Diversity of texts by distinct n-grams, the mean over n = 1 … 5 of those that have any, expectation-adjusted:
 *   EAD_n = N_n / (V_n [1 − ((V_n − 1) / V_n)^{C_n}])
 * N_n distinct n-grams among C_n. Liu et al. 2022, arXiv:2202.13587; n = 1 … 5: Shi et al. 2024, arXiv:2410.11677.
 * The adjustment does not make texts of different lengths equal, since text is not uniform: compare at one token budget.
 */
export function distinctNgrams(
  texts: readonly (readonly number[])[],
  { vocabularySize, longest = 5, tokenBudget = Number.POSITIVE_INFINITY }: NgramOptions,
): NgramDiversity {
  const counted = within(texts, tokenBudget);
  const counts = Array.from({ length: longest }, (_, i) => countNgrams(counted, i + 1));
  const some = counts.filter(({ total }) => total > 0);
  const ratio = (outcomes: (n: number) => number) =>
    mean(some.map(({ n, distinct, total }) => distinct / expectedDistinct(outcomes(n), total)));
  return {
    distinct: mean(some.map(({ distinct, total }) => distinct / total)),
    adjusted: ratio((n) => vocabularySize ** n),
    adjustedByVocabulary: ratio(() => vocabularySize),
    tokens: counted.reduce((sum, { length }) => sum + length, 0),
  };
}
