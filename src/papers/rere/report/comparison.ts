import type { Check } from '../../results-record.ts';
import { type ArmResult, at, mean, pairs } from './results.ts';
import { percent, seedsOf, signed } from './wording.ts';

/** A finding before its note. */
export type Draft = Omit<Check, 'note'>;

export type Split = 'test' | 'valid';

const ndcg = (split: Split) => (result: ArmResult) => at(result[split]!, 10).ndcg;

/** Fewer say nothing of how far seeds differ. */
const SEEDS = 3;

/** All seeds agree: `appears`; their mean does: `partly`. */
export function verdictOf(differences: readonly number[], seeds: number): Check['verdict'] {
  if (seeds < SEEDS) return 'not measured';
  if (differences.every((difference) => difference > 0)) return 'appears';
  return mean(differences) > 0 ? 'partly' : 'does not appear';
}

export const tooFew = (seeds: number): string =>
  seeds < SEEDS ? `. Fewer than ${SEEDS} seeds, so no verdict` : '';

export interface Comparison {
  readonly id: string;
  /** Where NDCG@10 is compared; default: on the test alone. */
  readonly splits?: readonly Split[];
  readonly finding: string;
  readonly paper: string;
  readonly arms: readonly [string, string];
}

/** NDCG@10 of one arm against another's, seed by seed. */
export function compare(
  results: readonly ArmResult[],
  { arms, splits = ['test'], ...words }: Comparison,
): Draft {
  const found = splits.map((split) => ({ split, seeds: pairs(results, arms, ndcg(split)) }));
  const describe = ({ split, seeds }: (typeof found)[number]) => {
    const relative = mean(seeds.map(({ difference, base }) => difference / base));
    const each = seeds.map(({ difference }) => signed(difference)).join(', ');
    return `${split === 'test' ? 'on the test' : 'on validation'} ${percent(relative)} (${each})`;
  };
  const { seeds } = found[0]!;
  const texts = found.map(describe).join(', ');
  const differences = found.flatMap((each) => each.seeds.map(({ difference }) => difference));
  return {
    ...words,
    ours:
      seeds.length === 0
        ? 'not computed yet'
        : `NDCG@10 ${texts} (${seedsOf(seeds)})${tooFew(seeds.length)}`,
    verdict: verdictOf(differences, seeds.length),
    plots: splits.length > 1 ? ['ndcg.svg', 'gain.svg'] : ['gain.svg'],
  };
}
