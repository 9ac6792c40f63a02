import type { Check } from '../../results-record.ts';
import { ofMethod, withNll, withoutNll } from '../analysis/correlations.ts';
import { groupMassFall, type MassFall } from '../analysis/mass.ts';
import type { RunTurn } from '../analysis/turns.ts';
import type { StudyRun } from '../study/runs.ts';
import { decimals, interval, judge, seedsOf } from './wording.ts';

/** Fall of win probability from a peak from which a run counts as over-optimised: four times the noise of the curve. */
const OVER_OPTIMISED = 0.05;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;

/** Entropy rises, then turns near the peak of win probability. */
export function entropyCheck(turns: readonly RunTurn[]): Check {
  const own = turns.filter(({ run }) => run.arm.method !== 'hinge');
  const over = own.filter(({ winFall }) => winFall > OVER_OPTIMISED);
  const turned = over.filter(({ distance }) => distance !== undefined);
  const calm = own.filter(({ winFall }) => winFall <= OVER_OPTIMISED);
  const alarms = calm.filter(({ distance }) => distance !== undefined);
  // A turn that comes as often in runs that lose nothing warns of nothing.
  const rate = (some: readonly RunTurn[], of: readonly RunTurn[]) => some.length / (of.length || 1);
  const tellsApart =
    turned.length >= over.length / 2 && rate(alarms, calm) < rate(turned, over) / 2;
  const distances = turned.map(({ distance }) => distance!);
  const near = distances.filter((distance) => Math.abs(distance) <= 3).length;
  const middle = distances.length === 0 ? 'none' : `${median(distances)}`.replace('-', '−');
  return {
    id: 'entropy-turn',
    finding:
      'In DPO and IPO the entropy over the ten likeliest tokens rises, then turns where win probability does.',
    paper:
      'turns coincide (figures); entropy falls after about 1,000 steps, 500 for strong updates',
    ours: `${over.length} of ${own.length} runs lose more than ${OVER_OPTIMISED} of win probability after a peak; in ${turned.length} of them the entropy rose and turned, a median of ${middle} evaluations after the peak, within 3 evaluations of it in ${near}; it also turned in ${alarms.length} of the ${calm.length} runs that lose less (${seedsOf(own.map(({ run }) => run))})`,
    verdict: judge(tellsApart && near >= turned.length / 2, near > 0),
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
