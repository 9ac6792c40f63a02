import type { PageSection, PageTable } from '../../runner/results-page.ts';
import { mean } from '../analysis/curves.ts';
import type { ControlledRun, ControlledStep } from '../study/controlled-runs.ts';
import { decimals, percent } from './wording.ts';

const caseName = ({ trains, regime }: ControlledRun): string =>
  `${trains === 'head' ? 'head alone' : 'everything'} trained, ${regime}`;

/** Runs of each case together. */
function byCase(runs: readonly ControlledRun[]): [name: string, steps: ControlledStep[]][] {
  const names = [...new Set(runs.map(caseName))];
  return names.map((name) => [
    name,
    runs.filter((run) => caseName(run) === name).flatMap(({ steps }) => steps),
  ]);
}

const isNumber = (value: number | null | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value);

/** Mean over steps of what is there of a number. */
export const meanOf = (
  steps: readonly ControlledStep[],
  read: (step: ControlledStep) => number | null | undefined,
): number => mean(steps.map(read).filter(isNumber));

const predictionTable = (runs: readonly ControlledRun[]): PageTable => ({
  head: [
    'case',
    'm_F and its own KL',
    'm_H and its own change',
    'm_F and the update’s KL: Spearman',
    'Pearson',
    'm_H and the update’s change of the objective: Spearman',
    'Pearson',
    'foretold and real change of log π(a): Spearman',
    'step of the head, modelled and real: cosine',
  ],
  rows: byCase(runs).map(([name, steps]) => [
    name,
    ...(
      [
        ({ ownPolicy }) => ownPolicy.spearman,
        ({ ownObjective }) => ownObjective.spearman,
        ({ policy }) => policy.spearman,
        ({ policy }) => policy.pearson,
        ({ objective }) => objective.spearman,
        ({ objective }) => objective.pearson,
        ({ change }) => change.spearman,
        ({ moments }) => moments?.cosine,
      ] as ((step: ControlledStep) => number | null | undefined)[]
    ).map((read) => decimals(meanOf(steps, read))),
  ]),
});

const small = (value: number): string => (Number.isFinite(value) ? value.toPrecision(2) : '–');

const scaleTable = (runs: readonly ControlledRun[]): PageTable => ({
  head: [
    'case',
    'median m_F',
    '99%',
    'largest',
    'median |m_H|',
    '99%',
    'largest',
    'median KL of the update',
    '99%',
  ],
  rows: byCase(runs).map(([name, steps]) => [
    name,
    ...(['0.5', '0.99', '1'] as const).map((at) =>
      small(meanOf(steps, ({ scale }) => scale.policy[at])),
    ),
    ...(['0.5', '0.99', '1'] as const).map((at) =>
      small(meanOf(steps, ({ scale }) => scale.objective[at])),
    ),
    ...(['0.5', '0.99'] as const).map((at) => small(meanOf(steps, ({ scale }) => scale.kl[at]))),
  ]),
});

/** Which tokens each bound leaves out, in the aggressive regime with everything trained. */
function rejectionTable(runs: readonly ControlledRun[]): PageTable {
  const steps = runs
    .filter(({ trains, regime }) => trains === 'all' && regime === 'aggressive')
    .flatMap((run) => run.steps);
  const changes = steps[0]?.rejection.map(({ change }) => change) ?? [];
  const share = (value: number) => (Number.isFinite(value) ? percent(value, 1) : '–');
  return {
    head: [
      'bound on the change of log π(a)',
      'rejected',
      'A > 0',
      'A < 0',
      'A > 0, π(a) ≤ 0.1',
      'A < 0, π(a) ≤ 0.1',
      'A < 0, π(a) > 0.9',
      'weight that raises tokens: before',
      'after',
      'cosine with the whole gradient',
      'norm against it',
    ],
    rows: changes.map((change, i) => {
      const read = (f: (r: ControlledStep['rejection'][number]) => number | null | undefined) =>
        meanOf(steps, (step) => f(step.rejection[i]!));
      return [
        String(change),
        share(read(({ rejected }) => rejected)),
        share(read(({ positive }) => positive)),
        share(read(({ negative }) => negative)),
        share(read(({ byProbability }) => byProbability[0]?.positive)),
        share(read(({ byProbability }) => byProbability[0]?.negative)),
        share(read(({ byProbability }) => byProbability.at(-1)?.negative)),
        share(read(({ positiveWeight }) => positiveWeight.before)),
        share(read(({ positiveWeight }) => positiveWeight.after)),
        decimals(read(({ gradient }) => gradient.cosine)),
        decimals(read(({ gradient }) => gradient.norm)),
      ];
    }),
  };
}

/** What the last-layer model foretells, and whom its bounds strike. */
export function controlledSection(runs: readonly ControlledRun[]): PageSection[] {
  if (runs.length === 0) return [];
  return [
    {
      heading: 'What the model of the head foretells',
      blocks: [
        {
          text: 'A token’s *own* step is the one that its gradient alone would make of the head; *the update* is the one that was made, of all tokens together. Means over the updates looked at and over seeds.',
        },
        { table: predictionTable(runs) },
        { text: 'How large the predictions are, which bounds are to be compared with:' },
        { table: scaleTable(runs) },
        {
          text: 'Which tokens a bound x leaves out (τ_F = x²/2, τ_H = x) in the aggressive regime, everything trained. The weight of a token in the gradient of its own logit is |A| (1 − π(a)).',
        },
        { table: rejectionTable(runs) },
      ],
    },
  ];
}
