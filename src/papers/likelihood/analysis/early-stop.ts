import type { Metrics } from '../../../metrics/index.ts';
import { likelihoodTurns } from '../likelihood-turns.ts';
import { best, type GeneratedMeasurement, type StudyRun } from '../study/runs.ts';
import { detectorOptions } from '../study/settings.ts';

/** Chooses the checkpoint that a run would be left with. */
export type StoppingRule = (run: StudyRun) => GeneratedMeasurement;

const observationOf = (measurement: GeneratedMeasurement): Metrics => ({
  'monitor/likelihood_chosen': measurement.likelihoodChosen,
  'monitor/top_k_entropy': measurement.entropy,
  'monitor/top_k_entropy_renormalized': measurement.entropyRenormalized,
  'monitor/top_k_mass': measurement.mass,
});

/** A turn that the indicators showed in a run. */
export interface SeenTurn {
  readonly indicator: string;
  readonly step: number;
  readonly seenAt: number;
}

/** The first turn of a run, read off its measurements one after the other as the monitor does while training. */
export function firstTurn(
  { measurements }: StudyRun,
  options = detectorOptions,
): SeenTurn | undefined {
  const detector = likelihoodTurns(options);
  let state = detector.initial;
  for (const measurement of measurements) {
    const { step } = measurement;
    const seen = detector.advance(state, { step, metrics: observationOf(measurement) });
    state = seen.state;
    const [turn] = seen.turns;
    if (turn !== undefined) return turn;
  }
  return undefined;
}

const at = ({ measurements }: StudyRun, step: number): GeneratedMeasurement =>
  measurements.find((measurement) => measurement.step === step) ?? measurements.at(-1)!;

/** Stops when an indicator has turned and goes back to the turn; to the end of training where none does. */
export const byIndicators: StoppingRule = (run) => {
  const turn = firstTurn(run);
  return turn === undefined ? run.measurements.at(-1)! : at(run, turn.step);
};

/** The same step in every run. */
export const atStep =
  (step: number): StoppingRule =>
  (run) =>
    at(run, step);

/** The checkpoint with the least loss on held-out pairs. */
export const byValidationLoss: StoppingRule = ({ measurements }) =>
  best(measurements, ({ validationLoss }) => -validationLoss);

/** No early stop. */
export const atEnd: StoppingRule = ({ measurements }) => measurements.at(-1)!;

/** The best checkpoint of a run, which nobody knows without a judge. */
export const bestOf = ({ measurements }: StudyRun): GeneratedMeasurement =>
  best(measurements, ({ winProbability }) => winProbability);

/** Share of the best achievable win probability of a run that a rule keeps. */
export const keptShare = (run: StudyRun, rule: StoppingRule): number =>
  rule(run).winProbability / bestOf(run).winProbability;
