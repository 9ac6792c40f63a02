/** A point of a series, or several neighbours summed up. */
export interface Piece {
  readonly firstStep: number;
  readonly lastStep: number;
  readonly count: number;
  readonly lowest: number;
  readonly highest: number;
  readonly mean: number;
}

/**
 * Merges neighbours so that at most `maxPoints` pieces are left: the first and the last stay as they are, those between are
 * gathered in buckets of equal width in steps. Lowest and highest of what is left are those of what was given.
 * @param pieces - In order of steps, without overlap.
 * @param maxPoints - At least 3.
 */
export function downSample(pieces: readonly Piece[], maxPoints: number): readonly Piece[] {
  if (pieces.length <= maxPoints) return pieces;
  const inner = pieces.slice(1, -1);
  const start = inner[0]!.firstStep;
  const width = (inner.at(-1)!.firstStep - start + 1) / (maxPoints - 2);
  const buckets: Piece[][] = [];
  for (const piece of inner) {
    const index = Math.floor((piece.firstStep - start) / width);
    const bucket = buckets[index] ?? [];
    bucket.push(piece);
    buckets[index] = bucket;
  }
  // A bucket without a piece is a hole in the array, which Object.values leaves out.
  return [pieces[0]!, ...Object.values(buckets).map(merge), pieces.at(-1)!];
}

function merge(bucket: readonly Piece[]): Piece {
  let [count, sum] = [0, 0];
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const piece of bucket) {
    count += piece.count;
    sum += piece.mean * piece.count;
    lowest = Math.min(lowest, piece.lowest);
    highest = Math.max(highest, piece.highest);
  }
  const [firstStep, lastStep] = [bucket[0]!.firstStep, bucket.at(-1)!.lastStep];
  return { firstStep, lastStep, count, lowest, highest, mean: sum / count };
}
