import type { Check } from '../../results-record.ts';
import type { Interval } from '../../statistics/bootstrap.ts';
import type { Bend } from '../analysis/bend.ts';
import { bestCheckpoints } from '../analysis/best-checkpoint.ts';
import {
  likelihoodCorrelation,
  methods,
  ofMethod,
  type RunsCorrelation,
  withNll,
  withoutNll,
} from '../analysis/correlations.ts';
import { groupMassFall, type MassFall } from '../analysis/mass.ts';
import { nllEffect } from '../analysis/nll.ts';
import type { RunTurn } from '../analysis/turns.ts';
import { describeArm, methodNames } from '../study/arms.ts';
import type { StudyRun } from '../study/runs.ts';

type Verdict = Check['verdict'];

export const decimals = (value: number, digits = 3): string =>
  value.toFixed(digits).replace('-', '−');

export const interval = ({ low, high }: Interval, digits = 3): string =>
  `[${decimals(low, digits)}, ${decimals(high, digits)}]`;

const seedsOf = (runs: readonly StudyRun[]): string =>
  `seeds ${[...new Set(runs.map(({ seed }) => seed))].sort((a, b) => a - b).join(', ')}`;

const judge = (all: boolean, some: boolean): Verdict =>
  all ? 'appears' : some ? 'partly' : 'does not appear';

const share = (value: number): string => `${(100 * value).toFixed(0)}%`;

/** Win probability bends over likelihood. */
export function bendCheck(runs: readonly StudyRun[], bend: Bend): Check {
  const isBent = bend.isConcave && bend.vertex > bend.range[0] && bend.vertex < bend.range[1];
  const isBetter = bend.leftOutInterval.high < 0;
  return {
    id: 'bend',
    finding:
      'Win probability rises and falls with the likelihood of the better completions: a quadratic fits better than a line.',
    paper: 'RMSE −24.42% (7B) and −25.78% (35B) by a quadratic, in sample',
    ours: `leave-one-run-out RMSE ${decimals(bend.leftOut, 1)}% ${interval(bend.leftOutInterval, 1)}, in sample ${decimals(bend.inSample, 1)}%; ${bend.isConcave ? 'concave' : 'convex'}, vertex at ${decimals(bend.vertex)} ${interval(bend.vertexInterval)} nats a token in a range of ${decimals(bend.range[0])} to ${decimals(bend.range[1])}; inside it in ${share(bend.insideShare)} of resamples of runs (${runs.length} runs, ${seedsOf(runs)})`,
    verdict: judge(isBent && isBetter, isBent && bend.leftOut < 0),
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
  const isNegative = found.map(({ found: { interval: bounds } }) => bounds.high < 0);
  return {
    id: 'diversity',
    finding: 'A lower likelihood goes with a higher cross-input diversity, within each method.',
    paper: 'so in every method (figure)',
    ours: `${found.map(({ method, found: correlation }) => `${methodNames[method]} ${describeCorrelation(correlation)}`).join('; ')}; ${seedsOf(runs)}`,
    verdict: judge(isNegative.every(Boolean), isNegative.some(Boolean)),
    note: null,
    plots: ['diversity.svg'],
  };
}

/** Fall of win probability from its peak from which a run counts as over-optimised. */
export const OVER_OPTIMISED = 0.03;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;

/** Entropy rises, then turns near the peak of win probability. */
export function entropyCheck(turns: readonly RunTurn[]): Check {
  const own = turns.filter(({ run }) => run.arm.method !== 'hinge');
  const over = own.filter(({ winFall }) => winFall > OVER_OPTIMISED);
  const turned = over.filter(({ distance }) => distance !== undefined);
  const calm = own.filter(({ winFall }) => winFall <= OVER_OPTIMISED);
  const alarms = calm.filter(({ distance }) => distance !== undefined);
  const distances = turned.map(({ distance }) => distance!);
  const near = distances.filter((distance) => Math.abs(distance) <= 3).length;
  const middle = distances.length === 0 ? 'none' : `${median(distances)}`.replace('-', '−');
  return {
    id: 'entropy-turn',
    finding:
      'In DPO and IPO the entropy over the ten likeliest tokens rises, then turns where win probability does.',
    paper:
      'turns coincide (figures); entropy falls after about 1,000 steps, 500 for strong updates',
    ours: `${over.length} of ${own.length} runs lose more than ${OVER_OPTIMISED} of win probability after their peak; in ${turned.length} of them the entropy rose and turned, a median of ${middle} evaluations after the peak, within 3 evaluations of it in ${near}; it also turned in ${alarms.length} of the ${calm.length} runs that lose less (${seedsOf(own.map(({ run }) => run))})`,
    verdict: judge(
      over.length > 0 && turned.length >= over.length / 2 && near >= turned.length / 2,
      turned.length > 0,
    ),
    note: null,
    plots: ['indicators.svg', 'turns.svg'],
  };
}

/** The groups of runs whose mass is compared. */
export function massFalls(runs: readonly StudyRun[]): MassFall[] {
  const groups: [string, StudyRun[]][] = [
    ['Hinge', ofMethod(runs, 'hinge')],
    ['DPO', withoutNll(ofMethod(runs, 'dpo'))],
    ['DPO with NLL', withNll(ofMethod(runs, 'dpo'))],
    ['IPO', withoutNll(ofMethod(runs, 'ipo'))],
    ['IPO with NLL', withNll(ofMethod(runs, 'ipo'))],
  ];
  return groups
    .filter(([, some]) => some.length > 0)
    .map(([name, some]) => groupMassFall(name, some));
}

/** Mass leaks out of the likeliest tokens in hinge training. */
export function massCheck(runs: readonly StudyRun[], falls: readonly MassFall[]): Check {
  const [hinge, nll] = ['Hinge', 'IPO with NLL'].map((name) =>
    falls.find((fall) => fall.name === name),
  );
  const isKnown = hinge !== undefined && nll !== undefined;
  return {
    id: 'mass',
    finding:
      'The mass of the ten likeliest tokens falls in hinge training, and not in IPO with NLL.',
    paper: 'M₁₀ falls for hinge on UltraFeedback; no fall for IPO with NLL at 7B (figures)',
    ours: `mean fall from its peak: ${falls.map((fall) => `${fall.name} ${decimals(fall.mean, 4)} ${interval(fall.interval, 4)}`).join(', ')}; ${seedsOf(runs)}`,
    verdict: isKnown
      ? judge(hinge.interval.low > nll.interval.high, hinge.mean > nll.mean)
      : 'not measured',
    note: null,
    plots: ['indicators.svg', 'mass.svg'],
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
