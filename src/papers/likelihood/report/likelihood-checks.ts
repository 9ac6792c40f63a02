import type { Check } from '../../results-record.ts';
import { partialCorrelation } from '../../statistics/correlation.ts';
import type { Bend } from '../analysis/bend.ts';
import { bestCheckpoints } from '../analysis/best-checkpoint.ts';
import {
  likelihoodCorrelation,
  methods,
  ofMethod,
  type RunsCorrelation,
} from '../analysis/correlations.ts';
import { nllEffect } from '../analysis/nll.ts';
import { describeArm, methodNames } from '../study/arms.ts';
import { pointsOf, type StudyRun } from '../study/runs.ts';
import { decimals, interval, judge, seedsOf, share } from './wording.ts';

const isBent = ({ isConcave, vertex, range }: Bend): boolean =>
  isConcave && vertex > range[0] && vertex < range[1];

const describeBend = (bend: Bend, unit: string): string =>
  `leave-one-run-out RMSE ${decimals(bend.leftOut, 1)}% ${interval(bend.leftOutInterval, 1)}, in sample ${decimals(bend.inSample, 1)}%; ${bend.isConcave ? 'concave' : 'convex'}, vertex at ${decimals(bend.vertex, 2)} ${interval(bend.vertexInterval, 2)} ${unit} in a range of ${decimals(bend.range[0], 2)} to ${decimals(bend.range[1], 2)}; concave with its vertex inside in ${share(bend.insideShare)} of resamples of runs`;

/** Win probability bends over likelihood, in nats or at least by rank. */
export function bendCheck(runs: readonly StudyRun[], bend: Bend, ranked: Bend): Check {
  const bends = (each: Bend) => isBent(each) && each.leftOutInterval.high < 0;
  return {
    id: 'bend',
    finding:
      'Win probability rises and falls with the likelihood of the better completions: a quadratic fits better than a line.',
    paper: 'RMSE −24.42% (7B) and −25.78% (35B) by a quadratic, in sample',
    ours: `over nats: ${describeBend(bend, 'nats a token')}. Over the rank of the likelihood: ${describeBend(ranked, '')} (${runs.length} runs, ${seedsOf(runs)})`,
    verdict: judge(bends(bend), isBent(bend) || bends(ranked)),
    note: null,
    plots: ['win-over-likelihood.svg'],
  };
}

const EDGE = 0.05;

/** The best checkpoint is neither the likeliest nor the one with the widest margin. */
export function bestCheck(runs: readonly StudyRun[]): Check {
  const found = bestCheckpoints(runs);
  const isBetween = found.map((each) => each.likelihoodRank > EDGE && each.marginRank > EDGE);
  const lines = found.map(
    (each) =>
      `seed ${each.seed}: best ${decimals(each.best.winProbability)} (${describeArm(each.arm)}, step ${each.best.step}), ${share(each.likelihoodRank)} of checkpoints are likelier and ${share(each.marginRank)} have a wider margin; the likeliest wins ${decimals(each.atHighestLikelihood)}, the widest margin ${decimals(each.atWidestMargin)}`,
  );
  return {
    id: 'best-checkpoint',
    finding:
      'The best checkpoint is not the one with the highest likelihood, nor the one with the largest margin.',
    paper:
      'it lies in the middle of the plane of both likelihoods; the largest margins are often the worst',
    ours: lines.join('; '),
    verdict: judge(isBetween.every(Boolean), isBetween.some(Boolean)),
    note: null,
    plots: ['plane.svg'],
  };
}

const describeCorrelation = ({ r, p, n, interval: bounds }: RunsCorrelation): string =>
  `r = ${decimals(r, 2)} ${interval(bounds, 2)}, p = ${p < 0.001 ? '< 0.001' : p.toFixed(3)}, ${n} points`;

/** Length does not explain likelihood. */
export function lengthCheck(runs: readonly StudyRun[], every: number): Check {
  const all = likelihoodCorrelation(runs, ({ meanLength }) => meanLength, every);
  const each = methods.map(
    (method) =>
      `${methodNames[method]} ${decimals(likelihoodCorrelation(ofMethod(runs, method), ({ meanLength }) => meanLength, every).r, 2)}`,
  );
  return {
    id: 'length',
    finding: 'Length does not explain likelihood.',
    paper: 'Pearson r = −0.114 (p = 0.266) at 7B, 0.198 (p = 0.173) at 35B',
    ours: `${describeCorrelation(all)}, ${seedsOf(runs)}; within methods: ${each.join(', ')}. p takes points as independent, the interval resamples runs`,
    verdict: judge(Math.abs(all.r) < 0.2, Math.abs(all.r) < 0.4),
    note: null,
    plots: ['length.svg'],
  };
}

/** Lower likelihood goes with more diversity, within a method. */
export function diversityCheck(runs: readonly StudyRun[], every: number): Check {
  const found = methods.map((method) => ({
    method,
    found: likelihoodCorrelation(ofMethod(runs, method), ({ diversity }) => diversity, every),
  }));
  const held = methods.map((method) => {
    const points = ofMethod(runs, method).flatMap((run) => pointsOf(run, every));
    const triples = points.map(
      (each) => [each.likelihoodChosen, each.diversity, each.meanLength] as const,
    );
    return `${methodNames[method]} ${decimals(partialCorrelation(triples), 2)}`;
  });
  const isNegative = found.map(({ found: { interval: bounds } }) => bounds.high < 0);
  return {
    id: 'diversity',
    finding: 'A lower likelihood goes with a higher cross-input diversity, within each method.',
    paper: 'so in every method (figure)',
    ours: `${found.map(({ method, found: correlation }) => `${methodNames[method]} ${describeCorrelation(correlation)}`).join('; ')}; ${seedsOf(runs)}. With length held: ${held.join(', ')}`,
    verdict: judge(isNegative.every(Boolean), isNegative.some(Boolean)),
    note: null,
    plots: ['diversity.svg'],
  };
}

/** NLL matters through the likelihood that it changes. */
export function nllCheck(runs: readonly StudyRun[], every: number): Check {
  const effects = (['dpo', 'ipo'] as const).flatMap(
    (method) => nllEffect(runs, method, every) ?? [],
  );
  const isInside = effects.map(({ interval: { low, high } }) => low <= 0 && high >= 0);
  const isSmall = effects.map(({ residual, spread }) => Math.abs(residual) < spread);
  return {
    id: 'nll',
    finding: 'λ·NLL matters only through the likelihood that it changes.',
    paper: 'runs of similar likelihood behave alike; it does not prevent over-optimisation',
    ours: effects
      .map(
        (effect) =>
          `${methodNames[effect.method]}: runs with NLL lie ${decimals(effect.residual)} ${interval(effect.interval)} from the curve of those without at the same likelihood, which scatter by ${decimals(effect.spread)}; the largest λ changes the final likelihood by ${decimals(effect.likelihoodChange, 2)} and win probability by ${decimals(effect.winChange)}`,
      )
      .concat(seedsOf(runs))
      .join('; '),
    verdict:
      effects.length === 0
        ? 'not measured'
        : judge(isInside.every(Boolean) && isSmall.every(Boolean), isSmall.some(Boolean)),
    note: null,
    plots: ['nll.svg'],
  };
}
