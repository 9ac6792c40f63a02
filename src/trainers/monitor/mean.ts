/** The mean of numbers; null of none. */
export const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

/** The mean of what is known; null where nothing is. */
export const meanOfKnown = (values: readonly (number | null)[]): number | null =>
  mean(values.filter((value) => value !== null));
