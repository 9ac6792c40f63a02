import { promptFamilies, type TrainSequence } from '../batches/index.ts';

/** How a generation is dealt out. */
export interface StepSizes {
  /** Micro-batches of a generation, and sequences of each. */
  readonly pieces: number;
  readonly size: number;
  /** Micro-batches of an optimiser step. */
  readonly piecesPerStep?: number | undefined;
}

/** Sequences of a generation that go into the same optimiser step, from its first on; 1 where steps end elsewhere. */
export function sequencesPerStep({ pieces, size, piecesPerStep }: StepSizes): number {
  if (piecesPerStep === undefined) return 1;
  if (piecesPerStep % pieces === 0) return pieces * size;
  return pieces % piecesPerStep === 0 ? size * piecesPerStep : 1;
}

/**
 * Brings sequences of one prompt together within each optimiser step, so that micro-batches hold groups, which share
 * their prompt's computation. What a step trains on stays the same, and its gradient does not depend on the order.
 */
export function besideTheirGroup(
  sequences: readonly TrainSequence[],
  perStep: number,
): TrainSequence[] {
  const ordered: TrainSequence[] = [];
  for (let start = 0; start < sequences.length; start += perStep) {
    const step = sequences.slice(start, start + perStep);
    for (const item of promptFamilies(step).flat()) ordered.push(step[item]!);
  }
  return ordered;
}
