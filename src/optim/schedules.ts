/** What the learning rate is multiplied by at a step; the first step is 0. */
export type Schedule = (step: number) => number;

export interface ScheduleOptions {
  /** Steps over which the rate rises from 0. */
  readonly warmupSteps: number;
  /** Steps of the whole run. */
  readonly totalSteps: number;
  /** Smallest share of the peak rate, for the schedules that end above 0. */
  readonly minRatio?: number;
  /** Waves of a cosine: by default half a wave, or one restart. */
  readonly cycles?: number;
  /** Exponent of the polynomial. */
  readonly power?: number;
  /** Steps at the peak rate before the decay of `warmup_stable_decay`; by default what the decay leaves. */
  readonly stableSteps?: number;
  /** Steps of the decay of `warmup_stable_decay`; by default a tenth of all. */
  readonly decaySteps?: number;
}

const atLeastOne = (steps: number): number => Math.max(1, steps);

const warmThen =
  (warmupSteps: number, decay: Schedule): Schedule =>
  (step) =>
    step < warmupSteps ? step / atLeastOne(warmupSteps) : decay(step);

/** Warm-up, then `decay` of the share of the remaining steps that is behind. */
const overProgress = (
  { warmupSteps, totalSteps }: ScheduleOptions,
  decay: (progress: number) => number,
): Schedule =>
  warmThen(warmupSteps, (step) =>
    decay((step - warmupSteps) / atLeastOne(totalSteps - warmupSteps)),
  );

const cosineWave = (waves: number): number => 0.5 * (1 + Math.cos(2 * Math.PI * waves));

const raise = (share: number, minRatio: number): number => share * (1 - minRatio) + minRatio;

/** Always the peak rate; no warm-up. */
export const constant = (): Schedule => () => 1;

/** The peak rate after the warm-up. */
export const constantWithWarmup = ({ warmupSteps }: ScheduleOptions): Schedule =>
  warmThen(warmupSteps, () => 1);

/** Falls in a line to 0 at the last step. */
export const linear = (options: ScheduleOptions): Schedule =>
  overProgress(options, (progress) => Math.max(0, 1 - progress));

/** Falls along half a cosine wave to 0, or to `minRatio`. Loshchilov and Hutter 2017, arXiv:1608.03983. */
export const cosine = (options: ScheduleOptions): Schedule => {
  const { cycles = 0.5, minRatio = 0 } = options;
  return overProgress(options, (progress) =>
    Math.max(0, raise(cosineWave(cycles * progress), minRatio)),
  );
};

/** Falls along half a cosine wave to 0, `cycles` times over. */
export const cosineWithRestarts = (options: ScheduleOptions): Schedule => {
  const { cycles = 1 } = options;
  return overProgress(options, (progress) =>
    progress >= 1 ? 0 : cosineWave(((cycles * progress) % 1) / 2),
  );
};

/** Falls as (1 − progress)^power to `minRatio` of the peak rate. */
export const polynomial = (options: ScheduleOptions): Schedule => {
  const { power = 1, minRatio = 0 } = options;
  return overProgress(options, (progress) => raise(Math.max(0, 1 - progress) ** power, minRatio));
};

/** Falls as 1/√step, counted so that it is 1 at the end of the warm-up. */
export const inverseSqrt = ({ warmupSteps }: ScheduleOptions): Schedule => {
  const timescale = warmupSteps || 10_000;
  return warmThen(
    warmupSteps,
    (step) => 1 / Math.sqrt((step + timescale - warmupSteps) / timescale),
  );
};

/** Warm-up from `minRatio`, the peak rate for `stableSteps`, then half a cosine wave down to `minRatio`. */
export const warmupStableDecay = (options: ScheduleOptions): Schedule => {
  const { warmupSteps, totalSteps, minRatio = 0, cycles = 0.5 } = options;
  const { decaySteps = Math.round(totalSteps / 10) } = options;
  const { stableSteps = totalSteps - warmupSteps - decaySteps } = options;
  const decayStart = warmupSteps + stableSteps;
  return (step) => {
    if (step < warmupSteps) return raise(step / atLeastOne(warmupSteps), minRatio);
    if (step < decayStart) return 1;
    const progress = (step - decayStart) / atLeastOne(decaySteps);
    return progress < 1 ? Math.max(0, raise(cosineWave(cycles * progress), minRatio)) : minRatio;
  };
};

/**
 * The schedules by the names of Hugging Face's `lr_scheduler_type`, with the formulas of `transformers`.
 * `minRatio` is its `min_lr_rate`, `min_lr_ratio` and `lr_end / lr`.
 */
export const schedules = {
  constant,
  constant_with_warmup: constantWithWarmup,
  linear,
  cosine,
  cosine_with_restarts: cosineWithRestarts,
  cosine_with_min_lr: cosine,
  polynomial,
  inverse_sqrt: inverseSqrt,
  warmup_stable_decay: warmupStableDecay,
} as const satisfies Record<string, (options: ScheduleOptions) => Schedule>;

export type ScheduleName = keyof typeof schedules;
