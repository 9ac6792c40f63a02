/** Numbers as the page writes them. */

const minus = (text: string): string => text.replace('-', '−');

export const signed = (value: number, digits = 4): string =>
  minus(`${value >= 0 ? '+' : ''}${value.toFixed(digits)}`);

/** A relative change. */
export const percent = (share: number): string =>
  minus(`${share >= 0 ? '+' : ''}${(100 * share).toFixed(1)}%`);

/** A share of all. */
export const points = (share: number): string => `${(100 * share).toFixed(0)}%`;

export const seedsOf = (results: readonly { readonly seed: number }[]): string => {
  const seeds = [...new Set(results.map(({ seed }) => seed))].sort((a, b) => a - b);
  return `${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`;
};
