import { colour } from '../../../runs/svg-parts.ts';
import type { Line } from '../../plots/panels-svg.ts';
import { evaluatePolynomial, type Polynomial } from '../../statistics/least-squares.ts';
import { methods } from '../analysis/correlations.ts';
import { type Method, methodNames } from '../study/arms.ts';
import { type GeneratedMeasurement, pointsOf, type StudyRun } from '../study/runs.ts';

export const methodColour: Readonly<Record<Method, string>> = {
  dpo: colour(0),
  ipo: colour(1),
  hinge: colour(2),
};

export const dark = '#1f2933';
export const likelihoodLabel = 'LLH of better completions, nats a token';

export const methodLegend = methods.map((method) => ({
  name: methodNames[method],
  colour: methodColour[method],
  kind: 'dot' as const,
}));

/** A polynomial over a range. */
export const curveLine = (
  curve: Polynomial,
  [low, high]: readonly [number, number],
  style: Partial<Line>,
): Line => ({
  points: Array.from({ length: 61 }, (_, i) => {
    const x = low + ((high - low) * i) / 60;
    return [x, evaluatePolynomial(curve, x)] as const;
  }),
  colour: dark,
  ...style,
});

/** A dot per point of runs, over the likelihood of the better completions. */
export const dotsOf = (
  runs: readonly StudyRun[],
  every: number,
  y: (measurement: GeneratedMeasurement) => number,
) =>
  runs.flatMap((run) =>
    pointsOf(run, every).map((point) => ({
      x: point.likelihoodChosen,
      y: y(point),
      colour: methodColour[run.arm.method],
      opacity: 0.65,
    })),
  );
