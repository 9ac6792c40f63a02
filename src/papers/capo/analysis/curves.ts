import type { StudyRun } from '../study/runs.ts';
import type { StepPoint } from '../study/train-arm.ts';

/** Parts of equal size that a run's completions are read in: as large as a conservative step, whatever the arm. */
export const partSize = ({ settings }: StudyRun): number =>
  settings.regimes.conservative.completionsPerStep;

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Means of a column over parts of a run, at the completions seen at each part's end. */
export function partsOf(
  run: StudyRun,
  column: (point: StepPoint) => number,
): { readonly completions: number; readonly value: number }[] {
  const size = partSize(run);
  const parts = new Map<number, number[]>();
  for (const point of run.steps) {
    // A step that ends a part belongs to it.
    const part = Math.ceil(point.completions / size);
    parts.set(part, [...(parts.get(part) ?? []), column(point)]);
  }
  return [...parts].map(([part, values]) => ({ completions: part * size, value: mean(values) }));
}

/** Weight of the newest part in smoothed curves, the paper's. */
const SMOOTHING = 0.25;

/** Accuracy on the completions that were trained on, smoothed from the start's accuracy on. */
export function accuracyCurve(run: StudyRun): { completions: number; accuracy: number }[] {
  let smoothed = startAccuracy(run);
  const curve = [{ completions: 0, accuracy: smoothed }];
  for (const { completions, value } of partsOf(run, ({ accuracy }) => accuracy)) {
    smoothed += SMOOTHING * (value - smoothed);
    curve.push({ completions, accuracy: smoothed });
  }
  return curve;
}

export const startAccuracy = ({ heldOut }: StudyRun): number => heldOut[0]!.accuracy;

/** Parts that a run's end is read from. */
const LAST_PARTS = 3;

/** Accuracy on the completions of the last parts. */
export const finalAccuracy = (run: StudyRun): number =>
  mean(
    partsOf(run, ({ accuracy }) => accuracy)
      .slice(-LAST_PARTS)
      .map(({ value }) => value),
  );

export const peakAccuracy = (run: StudyRun): number =>
  accuracyCurve(run).reduce((most, { accuracy }) => Math.max(most, accuracy), 0);

/** The smoothed curve's lowest point after its peak so far, as a drop: how far the run fell before it recovered, if it did. */
export function deepestFall(run: StudyRun): number {
  let [peak, fall] = [0, 0];
  for (const { accuracy } of accuracyCurve(run)) {
    peak = Math.max(peak, accuracy);
    fall = Math.max(fall, peak - accuracy);
  }
  return fall;
}

/** Accuracy lost against the start from which a run counts as collapsed. */
export const COLLAPSE = 0.1;

/** Ends a tenth below its start, or below half of its peak. */
export function hasCollapsed(run: StudyRun): boolean {
  const final = finalAccuracy(run);
  return final < startAccuracy(run) - COLLAPSE || final < peakAccuracy(run) / 2;
}

/** Completions after which the smoothed accuracy first reaches a value; undefined where it never does. */
export const completionsToReach = (run: StudyRun, accuracy: number): number | undefined =>
  accuracyCurve(run).find((point) => point.accuracy >= accuracy)?.completions;
