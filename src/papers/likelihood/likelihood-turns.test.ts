import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Observation, TurningPoint } from '../../trainers/index.ts';
import { type LikelihoodTurnOptions, likelihoodTurns } from './index.ts';

interface Series {
  readonly entropy?: readonly number[];
  readonly mass?: readonly number[];
  readonly likelihood?: readonly number[];
}

const observationsOf = ({ entropy = [], mass = [], likelihood = [] }: Series): Observation[] =>
  Array.from({ length: Math.max(entropy.length, mass.length) }, (_, i) => ({
    step: 50 * i,
    metrics: {
      ...(i in entropy && { 'monitor/top_k_entropy': entropy[i]! }),
      ...(i in mass && { 'monitor/top_k_mass': mass[i]! }),
      ...(i in likelihood && { 'monitor/likelihood_chosen': likelihood[i]! }),
    },
  }));

function follow(observations: readonly Observation[], options: LikelihoodTurnOptions = {}) {
  const detector = likelihoodTurns(options);
  const said: TurningPoint[][] = [];
  let { initial: state } = detector;
  for (const observation of observations) {
    const next = detector.advance(state, observation);
    state = next.state;
    said.push([...next.turns]);
  }
  return { said, state, candidates: detector.candidates(state) };
}

const plain = { smoothing: 1, patience: 4 };
const risesAndFalls = [1, 1.2, 1.4, 1.3, 1.2, 1.1, 1, 0.9];
const falling = risesAndFalls.map((_, i) => -2 - i / 10);

test('entropy that turns while likelihood falls is told once, in a sentence that names the step', () => {
  const { said } = follow(observationsOf({ entropy: risesAndFalls, likelihood: falling }), plain);
  expect(said.flat()).toEqual([
    {
      indicator: 'entropy',
      step: 100,
      seenAt: 300,
      message:
        "entropy over the top 10 has fallen for 4 evaluations while the better completions' likelihood still falls: likely past the best checkpoint, step 100",
    },
  ]);
  expect(said[6]).toHaveLength(1);
});

test('entropy that turns while likelihood rises is what learning looks like, and is not told until it falls', () => {
  const rising = falling.map((value) => -value);
  const { said } = follow(observationsOf({ entropy: risesAndFalls, likelihood: rising }), plain);
  expect(said.flat()).toEqual([]);
  // From step 100, 2.2, it goes on to 2.3 and then below 2.2 at the last evaluation, step 350.
  const turns = [2, 2.1, 2.2, 2.3, 2.3, 2.3, 2.3, 2.1];
  const late = follow(observationsOf({ entropy: risesAndFalls, likelihood: turns }), plain);
  expect(late.said.flat()).toMatchObject([{ indicator: 'entropy', step: 100, seenAt: 350 }]);
});

test('a fall of top-k mass alone is told, also from the start and without likelihoods', () => {
  const mass = [0.95, 0.95, 0.949, 0.93, 0.92, 0.9, 0.88];
  const { said } = follow(observationsOf({ mass }), { ...plain, massHysteresis: 0.01 });
  expect(said.flat()).toMatchObject([
    {
      indicator: 'mass',
      step: 100,
      seenAt: 300,
      message:
        'the probability mass of the top 10 has fallen for 4 evaluations: likely past the best checkpoint, step 100',
    },
  ]);
});

test('the renormalised entropy can be read instead', () => {
  const observations = observationsOf({ entropy: risesAndFalls, likelihood: falling }).map(
    ({ step, metrics }) => ({
      step,
      metrics: {
        'monitor/likelihood_chosen': metrics['monitor/likelihood_chosen']!,
        'monitor/top_k_entropy_renormalized': metrics['monitor/top_k_entropy']!,
      },
    }),
  );
  expect(follow(observations, plain).said.flat()).toEqual([]);
  expect(follow(observations, { ...plain, entropy: 'renormalized' }).said.flat()).toHaveLength(1);
});

test('checkpoints to keep are those of the peaks so far', () => {
  const mass = risesAndFalls.map(() => 0.9);
  const observations = observationsOf({ entropy: risesAndFalls, mass, likelihood: falling });
  expect(follow(observations, plain).candidates).toEqual([100, 350]);
});

const series = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { maxLength: 25 });

test('no look-ahead: what is said at an evaluation does not change when later ones are appended', () => {
  const law = fc.property(
    series,
    series,
    series,
    fc.nat({ max: 25 }),
    (entropy, mass, likelihood, cut) => {
      const observations = observationsOf({ entropy, mass, likelihood });
      const options = { patience: 2 };
      const { said } = follow(observations, options);
      const before = follow(observations.slice(0, cut), options);
      expect(said.slice(0, cut)).toEqual(before.said);
    },
  );
  fc.assert(law);
});
