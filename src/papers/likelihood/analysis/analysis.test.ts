import { describe, expect, test } from 'vitest';
import type { GeneratedMeasurement, StudyRun } from '../study/runs.ts';
import { measureBend } from './bend.ts';
import { bestCheckpoints } from './best-checkpoint.ts';
import { likelihoodCorrelation } from './correlations.ts';
import {
  atEnd,
  atStep,
  byIndicators,
  byValidationLoss,
  firstTurn,
  keptShare,
} from './early-stop.ts';
import { massFall } from './mass.ts';
import { nllEffect } from './nll.ts';
import { deepestFall, runTurn } from './turns.ts';

const measurement = (step: number, part: Partial<GeneratedMeasurement>): GeneratedMeasurement => ({
  step,
  likelihoodChosen: -1,
  likelihoodRejected: -1,
  validationLoss: 0.5,
  accuracy: 0.5,
  margin: 0,
  winProbability: 0.5,
  reward: 3,
  entropy: 1,
  entropyRenormalized: 1,
  mass: 1,
  diversity: 0.3,
  diversityPaper: 3,
  meanLength: 30,
  ...part,
});

/** A run of 17 measurements, ten steps apart, each made from its share of the run. */
function run(
  of: (share: number) => Partial<GeneratedMeasurement>,
  { seed = 0, ...arm }: Partial<StudyRun['arm']> & { seed?: number } = {},
): StudyRun {
  const measurements = Array.from({ length: 17 }, (_, i) => measurement(i * 10, of(i / 16)));
  const whole = { method: 'dpo', strength: 0.1, nll: 0, ...arm } as const;
  return { arm: whole, seed, measurements, samples: [], prompts: [] };
}

/** Likelihood falls from −0.5 by `speed`; win probability is 0.6 − (LLH + 1)², best at −1. */
const falling = (speed: number, seed: number, arm = {}): StudyRun =>
  run(
    (share) => {
      const likelihoodChosen = -0.5 - speed * share;
      return { likelihoodChosen, winProbability: 0.6 - (likelihoodChosen + 1) ** 2 };
    },
    { seed, ...arm },
  );

describe('the bend', () => {
  const runs = [0.6, 0.8, 1, 1.2, 1.4].map((speed, seed) => falling(speed, seed));

  test('is found where it is, with its vertex', () => {
    const bend = measureBend(runs, 40);
    expect(bend.isConcave).toBe(true);
    expect(bend.vertex).toBeCloseTo(-1, 8);
    expect(bend.inSample).toBeCloseTo(-100, 6);
    expect(bend.leftOut).toBeCloseTo(-100, 6);
    expect(bend.insideShare).toBe(1);
    // Five runs, a point every 40 of 160 steps.
    expect(bend.points).toHaveLength(5 * 4);
  });

  test('is not found on a line', () => {
    const straight = [0.6, 0.8, 1].map((speed, seed) =>
      run(
        (share) => ({
          likelihoodChosen: -speed * share,
          winProbability: 0.2 + 0.1 * share * speed,
        }),
        { seed },
      ),
    );
    expect(measureBend(straight, 40).parabola[2]).toBeCloseTo(0, 8);
  });
});

test('the best checkpoint is ranked by likelihood and margin among those of its seed', () => {
  // At shares 1/16 … 1 the likelihood is −0.5 − share: best at share 1/2, with 7 of 16 likelier. The worse completions
  // keep theirs, so that the margin ranks alike.
  const [found] = bestCheckpoints([falling(1, 3)]);
  expect(found).toMatchObject({ seed: 3, likelihoodRank: 7 / 16, marginRank: 7 / 16 });
  expect(found!.best.step).toBe(80);
});

test('likelihood and another measure correlate as they were made to', () => {
  const runs = [0, 1, 2].map((seed) =>
    run((share) => ({ likelihoodChosen: -share, diversity: share }), { seed }),
  );
  expect(likelihoodCorrelation(runs, ({ diversity }) => diversity, 40).r).toBeCloseTo(-1, 12);
});

describe('turns', () => {
  /** Entropy rises to a peak at a share of the run and falls; the likelihood falls all the time. */
  const turning = run((share) => ({
    likelihoodChosen: -1 - share,
    entropy: 1 - 2 * Math.abs(share - 0.4),
    winProbability: 0.5 - Math.abs(share - 0.5),
    validationLoss: 1 - share,
  }));

  test('a turn is seen after it came, and a stop goes back to it', () => {
    const turn = firstTurn(turning, { patience: 2, smoothing: 1 })!;
    expect(turn.indicator).toBe('entropy');
    expect(turn.seenAt).toBeGreaterThan(turn.step);
    // 0.95 bits at step 60 are the most; 0.925 at 70 are within the hysteresis of 0.05, 0.8 at 80 are not.
    expect(turn.step).toBe(70);
  });

  test('what comes later does not change a turn that was seen', () => {
    const options = { patience: 2, smoothing: 1 };
    const turn = firstTurn(turning, options)!;
    const cut = {
      ...turning,
      measurements: turning.measurements.filter(({ step }) => step <= turn.seenAt),
    };
    expect(firstTurn(cut, options)).toEqual(turn);
  });

  test('the distance counts measurements from the peak of win probability', () => {
    const { winPeak, distance, entropyTurn, winFall } = runTurn(turning);
    expect(winPeak).toBe(80);
    expect(distance).toBe((entropyTurn! - 80) / 10);
    expect(winFall).toBeGreaterThan(0.3);
  });

  test('the deepest fall is from a peak to the lowest value after it', () => {
    // From 5 to 1 is deeper than from 4 to 2, and 3 of it stand again at the end.
    expect(deepestFall([4, 2, 5, 1, 2, 4])).toEqual({ from: 2, depth: 4, recovery: 3 });
    expect(deepestFall([1, 2, 3])).toEqual({ from: 0, depth: 0, recovery: 2 });
  });

  test('rules choose as they say', () => {
    expect(atEnd(turning).step).toBe(160);
    expect(atStep(50)(turning).step).toBe(50);
    expect(byValidationLoss(turning).step).toBe(160);
    // 0.5 − 0.5 = 0 at the end, of 0.5 at best; 0.5 − |50/160 − 0.5| = 0.3125 at step 50.
    expect(keptShare(turning, atEnd)).toBe(0);
    expect(keptShare(turning, atStep(50))).toBeCloseTo(0.3125 / 0.5, 12);
  });

  test('a run without a turn goes to its end', () => {
    const calm = run((share) => ({ likelihoodChosen: -1 - share, entropy: 1 + share }));
    expect(firstTurn(calm)).toBeUndefined();
    expect(byIndicators(calm).step).toBe(160);
  });
});

test('the fall of the mass is from its peak to the end', () => {
  expect(massFall(run((share) => ({ mass: 0.9 + 0.1 * share - 0.3 * share ** 2 })))).toBeCloseTo(
    // At share 1: 0.7. The largest of the measurements, at 3/16: 0.9 + 0.01875 − 0.010546875.
    0.9 + 0.01875 - 0.010546875 - 0.7,
    12,
  );
});

test('a likelihood term that adds a tenth to win probability at every likelihood is seen', () => {
  const plain = [0.6, 1, 1.4].map((speed, seed) => falling(speed, seed));
  const lifted = [0.7, 0.9].map((speed, seed) => {
    const { measurements, ...rest } = falling(speed, seed, { nll: 0.1 });
    return {
      ...rest,
      measurements: measurements.map((each) => ({
        ...each,
        winProbability: each.winProbability + 0.1,
      })),
    };
  });
  const effect = nllEffect([...plain, ...lifted], 'dpo', 40)!;
  expect(effect.residual).toBeCloseTo(0.1, 8);
  expect(effect.spread).toBeCloseTo(0, 8);
  expect(nllEffect(plain, 'dpo', 40)).toBeUndefined();
});
