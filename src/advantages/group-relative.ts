import { LaurelError } from '../errors.ts';
import { type Advantages, type GroupedRewards, packAdvantages } from './advantages.ts';
import { nanMean, nanStd, spreadOf, withMissingAsNan } from './statistics.ts';

/** What the centred rewards are divided by: their group's standard deviation, the batch's, or nothing. */
export type AdvantageScaling = 'group' | 'batch' | 'none';

export interface GroupRelativeOptions {
  readonly scaling?: AdvantageScaling;
  /** Added to the standard deviation. */
  readonly epsilon?: number;
}

/**
 * Advantages relative to the completions of the same prompt.
 *   A_i = (r_i − mean(r)) / (std(r) + ε),   std with n − 1
 * Shao et al. 2024, arXiv:2402.03300v3 (outcome supervision); `none` is Dr. GRPO's, Liu et al. 2025,
 * arXiv:2503.20783; `batch` divides by the standard deviation of all rewards of the batch.
 * - Missing rewards enter neither mean nor standard deviation and get 0.
 * - A group with one reward left has no standard deviation: its advantage is 0.
 * @throws LaurelError for a reward that is NaN or infinite.
 */
export function groupRelativeAdvantages(
  rewards: GroupedRewards,
  { scaling = 'group', epsilon = 1e-4 }: GroupRelativeOptions = {},
): Advantages {
  const values = withMissingAsNan('groupRelativeAdvantages', rewards);
  const batchStd = scaling === 'batch' ? spreadOf(values.flat()) : Number.NaN;
  const spreads = values.map((group) => (scaling === 'batch' ? batchStd : spreadOf(group)));
  const raw = values.map((group, p) => {
    const mean = nanMean(group);
    const divisor = scaling === 'none' ? 1 : (spreads[p] as number) + epsilon;
    return group.map((reward) => (reward - mean) / divisor);
  });
  return packAdvantages(rewards, raw, spreads);
}

export interface NormalizeThenSumOptions {
  /** One weight per reward function; all 1 by default. */
  readonly weights?: readonly number[];
  /** Added to every standard deviation. */
  readonly epsilon?: number;
}

/**
 * Advantages from several rewards, each normalised within its group before they are added, then over the batch.
 *   z_k = (r_k − mean_G(r_k)) / (std_G(r_k) + ε),   s = Σ_k w_k z_k,   A = (s − mean_B(s)) / (std_B(s) + ε)
 * Liu et al. 2026 (GDPO), arXiv:2601.05242; the first `normalize_then_sum` of TRL 1.13.
 * - A completion that some rewards miss is scored by the others; one that all miss gets 0 and is left out.
 * - `values` is `[P][G][K]`, K reward functions.
 */
export function normalizeThenSumAdvantages(
  values: readonly (readonly (readonly (number | null)[])[])[],
  { weights, epsilon = 1e-4 }: NormalizeThenSumOptions = {},
): Advantages {
  const functions = values[0]?.[0]?.length ?? 0;
  if (weights !== undefined && weights.length !== functions) {
    throw new LaurelError(
      `normalizeThenSumAdvantages: expected ${functions} weights, one per reward, found ${weights.length}`,
    );
  }
  const sums = values.map((group) => {
    const objectives = group[0]?.length ?? 0;
    const columns = Array.from({ length: objectives }, (_, k) =>
      normalizeColumn(
        group.map((row) => row[k] ?? null),
        epsilon,
      ),
    );
    return group.map((row, g) =>
      row.every((value) => value === null)
        ? Number.NaN
        : columns.reduce((sum, column, k) => {
            const z = column[g] as number;
            return Number.isNaN(z) ? sum : sum + z * (weights?.[k] ?? 1);
          }, 0),
    );
  });
  const batch = sums.flat();
  const mean = nanMean(batch);
  const std = batch.length === 1 ? 0 : nanStd(batch);
  const raw = sums.map((group) => group.map((sum) => (sum - mean) / (std + epsilon)));
  const totals = sums.map((group) => group.map((sum) => (Number.isNaN(sum) ? null : sum)));
  return packAdvantages(totals, raw, Array(values.length).fill(std));
}

function normalizeColumn(column: readonly (number | null)[], epsilon: number): number[] {
  const [group] = withMissingAsNan('normalizeThenSumAdvantages', [column]) as [number[]];
  const mean = nanMean(group);
  const std = spreadOf(group);
  return group.map((reward) => (reward - mean) / (std + epsilon));
}
