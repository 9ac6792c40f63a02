import type { CellRecord } from '../../runner/cell.ts';
import type { PageSection } from '../../runner/results-page.ts';
import { bestOf, byIndicators } from '../analysis/early-stop.ts';
import { type Arm, armName, describeArm } from '../study/arms.ts';
import { basesOf, best, type GeneratedMeasurement, type StudyRun } from '../study/runs.ts';
import { decimals } from './wording.ts';

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Runs by arm, in the order they come. */
function byArm(runs: readonly StudyRun[]): { arm: Arm; own: StudyRun[] }[] {
  const names = [...new Set(runs.map(({ arm }) => armName(arm)))];
  return names.map((name) => {
    const own = runs.filter(({ arm }) => armName(arm) === name);
    return { arm: own[0]!.arm, own };
  });
}

/** Mean over seeds, with the least and the most. */
function over(values: readonly number[], digits = 3): string {
  const ends = `${decimals(Math.min(...values), digits)} … ${decimals(Math.max(...values), digits)}`;
  return values.length === 1
    ? decimals(values[0]!, digits)
    : `${decimals(mean(values), digits)} (${ends})`;
}

const last = ({ measurements }: StudyRun): GeneratedMeasurement => measurements.at(-1)!;

/** One row per arm on the generated task. */
export const armsTable = (runs: readonly StudyRun[]): PageSection => ({
  heading: 'Arms on the generated task',
  blocks: [
    {
      text: 'Mean over seeds, with the least and the most in brackets. The best checkpoint is the one with the highest win probability, at its step.',
    },
    {
      table: {
        head: [
          'arm',
          'win probability at the best checkpoint',
          'its step',
          'chosen by the indicators',
          'at the end',
          'LLH better at the end',
          'LLH worse',
          'top-10 entropy',
          'top-10 mass',
        ],
        rows: byArm(runs).map(({ arm, own }) => [
          describeArm(arm),
          over(own.map((run) => bestOf(run).winProbability)),
          over(
            own.map((run) => bestOf(run).step),
            0,
          ),
          over(own.map((run) => byIndicators(run).winProbability)),
          over(own.map((run) => last(run).winProbability)),
          over(
            own.map((run) => last(run).likelihoodChosen),
            2,
          ),
          over(
            own.map((run) => last(run).likelihoodRejected),
            2,
          ),
          over(own.map((run) => last(run).entropy)),
          over(
            own.map((run) => last(run).mass),
            4,
          ),
        ]),
      },
    },
  ],
});

/** Human preferences, before and after. */
export const realTable = (runs: readonly StudyRun[]): PageSection => ({
  heading: 'Human preferences',
  blocks: [
    {
      text: 'hh-rlhf (harmless base, test split), split by the opening question; a small byte model trained from scratch on the dialogues that are not held out. Win probability is not reported: such a model writes no dialogue. Before → after training, mean over seeds.',
    },
    {
      table: {
        head: [
          'arm',
          'LLH better',
          'LLH worse',
          'accuracy',
          'margin, nats',
          'validation loss',
          'top-10 entropy',
          'top-10 mass',
          'diversity',
        ],
        rows: byArm(runs).map(({ arm, own }) => [
          describeArm(arm),
          change(own, (each) => each.likelihoodChosen),
          change(own, (each) => each.likelihoodRejected),
          over(own.map((run) => last(run).accuracy)),
          over(
            own.map((run) => last(run).margin),
            2,
          ),
          change(own, (each) => each.validationLoss),
          change(own, (each) => each.entropy),
          change(own, (each) => each.mass),
          change(own, (each) => each.diversity),
        ]),
      },
    },
  ],
});

const change = (runs: readonly StudyRun[], of: (each: GeneratedMeasurement) => number): string => {
  const [first, after] = [
    mean(runs.map(({ measurements }) => of(measurements[0]!))),
    mean(runs.map((run) => of(last(run)))),
  ];
  return `${decimals(first)} → ${decimals(after)}`;
};

/** What the run that loses most wrote at first, at its best and at last. */
export function samplesSection(runs: readonly StudyRun[]): PageSection {
  const worst = best(runs, (run) => bestOf(run).winProbability - last(run).winProbability);
  const steps = [0, bestOf(worst).step, last(worst).step];
  const lines = worst.prompts.flatMap((prompt, p) => [
    prompt,
    ...steps.map((step) => {
      const sample = worst.samples.find((each) => each.step === step);
      return `  step ${String(step).padStart(4)}  ${sample?.sentences[p] ?? ''}`;
    }),
  ]);
  return {
    heading: 'What over-optimisation looks like',
    blocks: [
      {
        text: `The run that loses most win probability after its best checkpoint (${describeArm(worst.arm)}, seed ${worst.seed}): the same held-out prompts before training, at the best checkpoint and at the end.`,
      },
      { code: lines.join('\n') },
    ],
  };
}

/** The base models. */
export function basesTable(records: readonly CellRecord[]): PageSection {
  const bases = basesOf(records);
  return {
    heading: 'Base models',
    blocks: [
      {
        table: {
          head: [
            'seed',
            'held-out loss, nats a token',
            'gold reward of samples',
            'of chosen',
            'of rejected',
            'length of chosen, tokens',
            'of rejected',
            'labels that agree with the gold reward',
          ],
          rows: bases.map((each) => [
            String(each.seed),
            decimals(each.heldOutLoss),
            decimals(each.meanReward, 2),
            decimals(each.chosenReward, 2),
            decimals(each.rejectedReward, 2),
            decimals(each.chosenLength, 1),
            decimals(each.rejectedLength, 1),
            `${(100 * each.labelsRight).toFixed(1)}%`,
          ]),
        },
      },
    ],
  };
}
