/** How a turning point is told from noise. */
export interface TurnOptions {
  /** α of the exponential smoothing s_i = α x_i + (1 − α) s_{i−1}, s_0 = x_0; 1: none. */
  readonly smoothing: number;
  /** How far below its peak the smoothed value must be to count as fallen, and above its trough as risen again. */
  readonly hysteresis: number;
  /** Evaluations in a row that must have fallen before a turn is said. */
  readonly patience: number;
  /** `rise`: the value must first rise by the hysteresis, and a fall from the start is no turn; `start`: it is. */
  readonly after: 'rise' | 'start';
}

/** A watch on one series, small and in JSON's terms. */
export interface TurnWatch {
  /** Waiting for the first rise, watching for a fall, or fallen. */
  readonly phase: 'waiting' | 'watching' | 'turned';
  /** Smoothed value of the last evaluation; null before the first. */
  readonly smoothed: number | null;
  /** Of the smoothed values of this phase: the highest while watching, else the lowest. */
  readonly extreme: number | null;
  /** The last evaluation that had not fallen: the turning point, once `phase` says so. */
  readonly turn: number | null;
  /** Evaluations in a row that have fallen. */
  readonly fallen: number;
  /** Evaluations in a row that have risen from the lowest value, while turned. */
  readonly risen: number;
}

/** Before the first evaluation. */
export const newWatch = ({ after }: Pick<TurnOptions, 'after'>): TurnWatch => ({
  phase: after === 'rise' ? 'waiting' : 'watching',
  smoothed: null,
  extreme: null,
  turn: null,
  fallen: 0,
  risen: 0,
});

/** x smoothed into s; x itself where there is nothing yet. */
export const smooth = (smoothed: number | null, value: number, smoothing: number): number =>
  smoothed === null ? value : smoothing * value + (1 - smoothing) * smoothed;

/** An evaluation's step and smoothed value. */
interface Point {
  readonly step: number;
  readonly smoothed: number;
}

function wait(watch: TurnWatch, { step, smoothed }: Point, { hysteresis }: TurnOptions): TurnWatch {
  const lowest = Math.min(watch.extreme ?? smoothed, smoothed);
  if (smoothed - lowest <= hysteresis) return { ...watch, smoothed, extreme: lowest };
  return { ...watch, phase: 'watching', smoothed, extreme: smoothed, turn: step };
}

function look(
  watch: TurnWatch,
  { step, smoothed }: Point,
  { hysteresis, patience }: TurnOptions,
): TurnWatch {
  const highest = Math.max(watch.extreme ?? smoothed, smoothed);
  if (highest - smoothed <= hysteresis)
    return { ...watch, smoothed, extreme: highest, turn: step, fallen: 0 };
  const fallen = watch.fallen + 1;
  if (fallen < patience) return { ...watch, smoothed, extreme: highest, fallen };
  return { ...watch, phase: 'turned', smoothed, extreme: smoothed, fallen, risen: 0 };
}

function recover(
  watch: TurnWatch,
  { step, smoothed }: Point,
  { hysteresis, patience }: TurnOptions,
): TurnWatch {
  const lowest = Math.min(watch.extreme ?? smoothed, smoothed);
  const risen = smoothed - lowest > hysteresis ? watch.risen + 1 : 0;
  if (risen < patience)
    return { ...watch, smoothed, extreme: lowest, risen, fallen: watch.fallen + 1 };
  return { phase: 'watching', smoothed, extreme: smoothed, turn: step, fallen: 0, risen: 0 };
}

const inPhase = { waiting: wait, watching: look, turned: recover };

/**
 * Takes in the next evaluation; what it says depends on this one and those before only.
 *
 * A turn is where a smoothed series was last within the hysteresis of its peak, once it has been further below for
 * `patience` evaluations in a row. The watch begins anew where the series has risen from its lowest value since, by
 * the hysteresis and for as many evaluations. A value that is missing or not finite is passed over.
 */
export function watchTurn(
  watch: TurnWatch,
  { step, value }: { readonly step: number; readonly value: number | null | undefined },
  options: TurnOptions,
): TurnWatch {
  if (value === null || value === undefined || !Number.isFinite(value)) return watch;
  const smoothed = smooth(watch.smoothed, value, options.smoothing);
  return inPhase[watch.phase](watch, { step, smoothed }, options);
}
