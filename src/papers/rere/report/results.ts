import type { CellRecord } from '../../runner/cell.ts';
import { armTitles } from '../study/arms.ts';
import type { CutOffRecord, PairedDifference, RankRecord, SplitRecord } from '../study/measure.ts';
import type { CurvePoint, GroupSeries } from '../study/training-curve.ts';

/** What a cell found. */
export interface ArmResult {
  readonly task: string;
  readonly arm: string;
  readonly seed: number;
  /** Null where its questions were learned. */
  readonly valid: SplitRecord | null;
  readonly test: SplitRecord;
  readonly curve?: readonly CurvePoint[];
  readonly groups?: GroupSeries;
  /** NDCG@10 on the test less that of the supervised start. */
  readonly overStart?: PairedDifference;
  readonly parameters?: number;
  readonly trainingSeconds?: number;
}

export const resultsOf = (records: readonly CellRecord[]): ArmResult[] =>
  records.map(({ task, arm, seed, result }) => ({
    ...(result as unknown as ArmResult),
    task,
    arm,
    seed,
  }));

/** The arms of a task in the order of tables. */
export const armsOf = (results: readonly ArmResult[]): string[] =>
  Object.keys(armTitles).filter((arm) => results.some((result) => result.arm === arm));

export const of = (results: readonly ArmResult[], arm: string): ArmResult[] =>
  results.filter((result) => result.arm === arm);

/** @throws Error for a cut-off that was not measured. */
function found<Cut extends RankRecord>(cutOffs: readonly Cut[], k: number): Cut {
  const cutOff = cutOffs.find((each) => each.k === k);
  if (cutOff === undefined) throw new Error(`no cut-off ${k}`);
  return cutOff;
}

/** Where targets rank once items of the history are left out. @throws Error for a cut-off that was not measured. */
export const at = ({ leftOut }: SplitRecord, k: number): RankRecord => found(leftOut, k);

/** Of lists as they are. @throws Error for a cut-off that was not measured. */
export const keptAt = ({ cutOffs }: SplitRecord, k: number): CutOffRecord => found(cutOffs, k);

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** A measure of two arms with the seeds that have both. */
export function pairs(
  results: readonly ArmResult[],
  [one, other]: readonly [string, string],
  measure: (result: ArmResult) => number,
): { seed: number; difference: number; base: number }[] {
  return of(results, one).flatMap((result) => {
    const match = of(results, other).find(({ seed }) => seed === result.seed);
    if (match === undefined) return [];
    const base = measure(match);
    return [{ seed: result.seed, base, difference: measure(result) - base }];
  });
}
