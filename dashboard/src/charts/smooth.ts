/**
 * Exponential moving average, corrected for its start as Adam's moments are (Kingma and Ba 2015, arXiv:1412.6980v9,
 * Algorithm 1), so that the first points are averages of what there is and not of an imagined 0:
 *   s_t = β s_{t−1} + (1 − β) y_t,   ŝ_t = s_t / (1 − β^t)
 * A gap stays a gap and does not move the average.
 */
export function smooth(
  values: readonly (number | null)[],
  weight: number,
): readonly (number | null)[] {
  if (weight <= 0) return values;
  let [average, remaining] = [0, 1];
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return null;
    average = weight * average + (1 - weight) * value;
    remaining *= weight;
    return average / (1 - remaining);
  });
}
