import type { GroupScores } from './score-groups.ts';

/**
 * The step's reward metrics under TRL's names: `reward`, `reward_std`, `rewards/{name}/mean`, `rewards/{name}/std`.
 * Missing values are left out; standard deviations divide by n − 1. A key whose value does not exist
 * (the mean of nothing, the deviation of one) is absent, where TRL logs NaN.
 */
export function summarizeRewards({
  names,
  totals,
  values,
}: Pick<GroupScores, 'names' | 'totals' | 'values'>): Record<string, number> {
  const rows = values.flat();
  const summary: [string, number][] = [
    ...momentsOf(totals.flat(), 'reward', 'reward_std'),
    ...names.flatMap((name, k) =>
      momentsOf(
        rows.map((row) => row[k] as number | null),
        `rewards/${name}/mean`,
        `rewards/${name}/std`,
      ),
    ),
  ];
  return Object.fromEntries(summary);
}

function momentsOf(
  values: readonly (number | null)[],
  meanKey: string,
  stdKey: string,
): [string, number][] {
  const present = values.filter((value) => value !== null);
  if (present.length === 0) return [];
  const mean = present.reduce((sum, value) => sum + value, 0) / present.length;
  if (present.length === 1) return [[meanKey, mean]];
  const squares = present.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return [
    [meanKey, mean],
    [stdKey, Math.sqrt(squares / (present.length - 1))],
  ];
}
