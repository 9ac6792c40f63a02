import type { CellRecord } from '../../runner/cell.ts';
import type { ControlledCase } from './controlled.ts';
import type { StepDescription } from './foretold.ts';

/** What the controlled case found with one seed. */
export interface ControlledRun extends ControlledCase {
  readonly seed: number;
  readonly steps: readonly ControlledStep[];
}

export interface ControlledStep extends StepDescription {
  readonly step: number;
  /** The head's step in the sparse model of Adam against the optimiser's own. */
  readonly moments: { readonly cosine: number | null; readonly ratio: number | null } | null;
}

export const controlledRunsOf = (records: readonly CellRecord[], task: string): ControlledRun[] =>
  records
    .filter((record) => record.task === task)
    .flatMap(({ seed, settings, result }) => {
      const { controlled } = settings as unknown as { controlled?: ControlledCase };
      if (controlled === undefined) return [];
      return [{ ...controlled, seed, ...(result as unknown as Pick<ControlledRun, 'steps'>) }];
    });
