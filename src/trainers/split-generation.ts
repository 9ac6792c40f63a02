import { microBatches, type TrainSequence } from '../batches/index.ts';
import { purposeSeed, shuffledOrder } from '../data/index.ts';
import type { RolloutGroup } from '../types.ts';
import { besideTheirGroup, sequencesPerStep } from './beside-their-group.ts';

export interface SplitOptions {
  /** Micro-batches to make; where groups are short the last may be empty. */
  readonly pieces: number;
  /** The most sequences of each. */
  readonly size: number;
}

/** As many as wanted, empty ones at the end. */
const filled = <Item>(cut: readonly (readonly Item[])[], pieces: number): (readonly Item[])[] =>
  Array.from({ length: pieces }, (_, piece) => cut[piece] ?? []);

/** A generation in its order, whole groups to a micro-batch where they divide into them. */
export function splitByGroup(
  sequences: readonly TrainSequence[],
  groups: readonly RolloutGroup[],
  { pieces, size }: SplitOptions,
): (readonly TrainSequence[])[] {
  if (groups.length % pieces !== 0) return filled(microBatches(sequences, size), pieces);
  let first = 0;
  const lengths = microBatches(groups, groups.length / pieces).map((some) =>
    some.reduce((sum, { rollouts }) => sum + rollouts.length, 0),
  );
  return lengths.map((length) => {
    first += length;
    return sequences.slice(first - length, first);
  });
}

export interface ShuffleOptions extends SplitOptions {
  readonly seed: number;
  readonly generation: number;
  /** Micro-batches of an optimiser step, within which the order does not matter; left out where it does. */
  readonly piecesPerStep?: number | undefined;
}

/**
 * A generation in an order of its own, so that each of several updates sees many of its prompts. Within an update,
 * completions of one prompt stand together.
 */
export function splitShuffled(
  sequences: readonly TrainSequence[],
  options: ShuffleOptions,
): (readonly TrainSequence[])[] {
  const { pieces, size, seed, generation } = options;
  const order = shuffledOrder(sequences.length, purposeSeed(seed, 'micro-batches'), generation);
  const shuffled = Array.from(order, (row) => sequences[row]!);
  const ordered = besideTheirGroup(shuffled, sequencesPerStep(options));
  return filled(microBatches(ordered, size), pieces);
}
