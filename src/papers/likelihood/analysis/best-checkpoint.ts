import { best, type GeneratedMeasurement, type StudyRun } from '../study/runs.ts';

/** Where the best checkpoint of a seed lies among all of its checkpoints. */
export interface BestCheckpoint {
  readonly seed: number;
  readonly arm: StudyRun['arm'];
  readonly best: GeneratedMeasurement;
  /** Share of checkpoints with a higher likelihood of the better completions. */
  readonly likelihoodRank: number;
  /** Share of checkpoints with a wider margin. */
  readonly marginRank: number;
  /** Win probability of the checkpoint with the highest likelihood, and of that with the widest margin. */
  readonly atHighestLikelihood: number;
  readonly atWidestMargin: number;
}

export const gapOf = (measurement: GeneratedMeasurement): number =>
  measurement.likelihoodChosen - measurement.likelihoodRejected;

/** One seed's checkpoints after the first step, over all arms. */
function bestOfSeed(runs: readonly StudyRun[], seed: number): BestCheckpoint {
  const all = runs
    .filter((run) => run.seed === seed)
    .flatMap(({ arm, measurements }) =>
      measurements.filter(({ step }) => step > 0).map((measurement) => ({ arm, measurement })),
    );
  const top = best(all, ({ measurement }) => measurement.winProbability);
  const rank = (by: (measurement: GeneratedMeasurement) => number) =>
    all.filter(({ measurement }) => by(measurement) > by(top.measurement)).length / all.length;
  const at = (by: (measurement: GeneratedMeasurement) => number) =>
    best(all, ({ measurement }) => by(measurement)).measurement.winProbability;
  return {
    seed,
    arm: top.arm,
    best: top.measurement,
    likelihoodRank: rank(({ likelihoodChosen }) => likelihoodChosen),
    marginRank: rank(gapOf),
    atHighestLikelihood: at(({ likelihoodChosen }) => likelihoodChosen),
    atWidestMargin: at(gapOf),
  };
}

/** The best checkpoint of each seed. */
export const bestCheckpoints = (runs: readonly StudyRun[]): BestCheckpoint[] =>
  [...new Set(runs.map(({ seed }) => seed))].map((seed) => bestOfSeed(runs, seed));
