import type { StoredRun } from '../../../runs/index.ts';

/** A table of words, aligned; the first row is its head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** A metric's value for a person. */
export const shortNumber = (value: number): string =>
  Math.abs(value) >= 1e-3 || value === 0 ? value.toFixed(3) : value.toExponential(1);

/** `60/100`, or `60` where the end is not known. */
export const place = ({ step, totalSteps }: StoredRun): string =>
  totalSteps === null ? String(step) : `${step}/${totalSteps}`;

/** How a run stands; a killed one says so. */
export const stateOf = ({ state, reason }: StoredRun): string =>
  state === 'interrupted' && reason === 'killed' ? 'interrupted (killed)' : state;

/** The metrics that people ask for first. */
export const usualKeys = ['reward', 'eval_reward', 'eval_accuracy', 'loss', 'eval_loss'] as const;
