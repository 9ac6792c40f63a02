import type { Timing } from './side.ts';

/** One task's pairs. */
export interface Result {
  readonly label: string;
  /** The most that Laurel's time over PyTorch's may be; NaN where it is only reported. */
  readonly bar: number;
  readonly laurel: string;
  readonly pytorch: string;
  readonly pairs: readonly { laurel: Timing; pytorch: Timing }[];
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
};

const ratios = ({ pairs }: Result, clock: keyof Timing = 'wall'): number[] =>
  pairs.map(({ laurel, pytorch }) => laurel[clock] / pytorch[clock]);

/** Whether the median ratio meets the bar. */
export const atMost = (result: Result): boolean => !(median(ratios(result)) > result.bar);

const milliseconds = (seconds: number): string => `${(seconds * 1000).toFixed(0)} ms`;

function row(result: Result): string {
  const { label, bar, pairs } = result;
  const wall = ratios(result);
  const verdict = Number.isNaN(bar) ? '' : `${atMost(result) ? 'meets' : 'misses'} ${bar}`;
  const cells = [
    label,
    milliseconds(median(pairs.map(({ laurel }) => laurel.wall))),
    milliseconds(median(pairs.map(({ pytorch }) => pytorch.wall))),
    `${median(wall).toFixed(2)} (${Math.min(...wall).toFixed(2)}–${Math.max(...wall).toFixed(2)})`,
    median(ratios(result, 'processor')).toFixed(2),
    verdict,
    result.laurel,
    result.pytorch,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Laurel's time over PyTorch's: median, least and most of the pairs. Below 1, Laurel is faster. */
export function markdownTable(results: readonly Result[]): string {
  const head =
    '| task | Laurel | PyTorch | time ratio | processor time ratio | bar | Laurel ran as | PyTorch ran as |';
  return [head, '|---|---|---|---|---|---|---|---|', ...results.map(row)].join('\n');
}
