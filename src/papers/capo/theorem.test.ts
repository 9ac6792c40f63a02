/**
 * Theorem 5.1 of Melo et al. 2025 (arXiv:2510.00819) on problems whose objective is known: tabular softmax policies in
 * random decision processes of 3 states and 2 actions, rewards in [0, 1].
 *   keep Δ_i with m_H(Δ_i) ≥ ω + ½ M r² and m_F(Δ_i) ≤ δ_F;  ω = C √δ_F,  C = 2√2 γ ε / (1 − γ)²,  |A| ≤ ε
 * M = 8 / (1 − γ)³ bounds the Hessian of J everywhere (Agarwal et al. 2021, Lemma D.4), so also within the ball.
 */
import { describe, expect, test } from 'vitest';
import { Generator, rand } from '../../tensor/index.ts';

const [STATES, ACTIONS, SUBSETS, PROBLEMS] = [3, 2, 6, 200];
const SIZE = STATES * ACTIONS;

interface Problem {
  readonly gamma: number;
  readonly start: number[];
  readonly rewards: number[];
  /** Probability of the next state, by state, action, next state. */
  readonly moves: number[];
  readonly logits: number[];
}

const share = (weights: readonly number[]): number[] => {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
};

function problemOf(gamma: number, random: () => number): Problem {
  const some = (count: number) => Array.from({ length: count }, random);
  const moves = Array.from({ length: SIZE }, () => share(some(STATES).map((x) => x ** 2)));
  return {
    gamma,
    start: share(some(STATES)),
    rewards: some(SIZE),
    moves: moves.flat(),
    logits: some(SIZE).map((x) => 2 * x - 1),
  };
}

const softmax = (logits: readonly number[]): number[] => share(logits.map(Math.exp));
const policyOf = (logits: readonly number[]): number[] =>
  Array.from({ length: STATES }, (_, s) =>
    softmax(logits.slice(s * ACTIONS, (s + 1) * ACTIONS)),
  ).flat();

/** V of every state by iteration: γ ≤ 0.2, so 60 rounds leave an error below 1e-40. */
function valuesOf({ gamma, rewards, moves }: Problem, policy: readonly number[]): number[] {
  let values = Array<number>(STATES).fill(0);
  for (let round = 0; round < 60; round++) {
    values = values.map((_, s) =>
      sumOver(ACTIONS, (a) => {
        const at = s * ACTIONS + a;
        const next = sumOver(STATES, (t) => moves[at * STATES + t]! * values[t]!);
        return policy[at]! * (rewards[at]! + gamma * next);
      }),
    );
  }
  return values;
}

const sumOver = (count: number, of: (i: number) => number): number => {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += of(i);
  return sum;
};
const dot = (a: readonly number[], b: readonly number[]) => sumOver(a.length, (i) => a[i]! * b[i]!);

const objectiveAt = (problem: Problem, logits: readonly number[]): number =>
  dot(problem.start, valuesOf(problem, policyOf(logits)));

const moved = (logits: readonly number[], step: readonly number[], by = 1) =>
  logits.map((x, i) => x + by * step[i]!);

/** gᵀΔ and ΔᵀHΔ of the objective along a step, by central differences. */
function directional(problem: Problem, step: readonly number[]): [slope: number, bend: number] {
  const h = 1e-3 / Math.max(Math.sqrt(dot(step, step)), 1e-12);
  const [up, middle, down] = [h, 0, -h].map((by) =>
    objectiveAt(problem, moved(problem.logits, step, by)),
  ) as [number, number, number];
  return [(up - down) / (2 * h), (up - 2 * middle + down) / h ** 2];
}

/** Share of time in each state, discounted: (1 − γ) Σ_t γ^t P(s_t = s). */
function visitsOf({ gamma, start, moves }: Problem, policy: readonly number[]): number[] {
  let [now, total] = [start, Array<number>(STATES).fill(0)];
  for (let t = 0; t < 60; t++) {
    total = total.map((sum, s) => sum + (1 - gamma) * gamma ** t * now[s]!);
    now = now.map((_, next) =>
      sumOver(SIZE, (at) => {
        const s = Math.floor(at / ACTIONS);
        return now[s]! * policy[at]! * moves[at * STATES + next]!;
      }),
    );
  }
  return total;
}

/** m_F = ½ Δᵀ F Δ, F the Fisher matrix over the states visited: per state the variance of Δ under π. */
function policyShift(problem: Problem, policy: readonly number[], step: readonly number[]): number {
  const visits = visitsOf(problem, policy);
  return sumOver(STATES, (s) => {
    const [pi, u] = [policy, step].map((all) => all.slice(s * ACTIONS, (s + 1) * ACTIONS)) as [
      number[],
      number[],
    ];
    return (
      0.5 *
      visits[s]! *
      (dot(
        pi,
        u.map((x) => x ** 2),
      ) -
        dot(pi, u) ** 2)
    );
  });
}

/** Advantages of the policy, A(s, a). */
function advantagesOf(problem: Problem, policy: readonly number[]): number[] {
  const values = valuesOf(problem, policy);
  return Array.from({ length: SIZE }, (_, at) => {
    const next = sumOver(STATES, (t) => problem.moves[at * STATES + t]! * values[t]!);
    return problem.rewards[at]! + problem.gamma * next - values[Math.floor(at / ACTIONS)]!;
  });
}

/** A policy-gradient step of length r from samples whose advantages are noisy, in some subsets much more than in others. */
function sampledStep(problem: Problem, radius: number, random: () => number): number[] {
  const policy = policyOf(problem.logits);
  const advantages = advantagesOf(problem, policy);
  const step = Array<number>(SIZE).fill(0);
  const noise = 3 * random() ** 2;
  for (let sample = 0; sample < 12; sample++) {
    const s = Math.floor(random() * STATES);
    const a = Math.floor(random() * ACTIONS);
    const noisy = advantages[s * ACTIONS + a]! + noise * (random() - 0.5);
    for (let b = 0; b < ACTIONS; b++)
      step[s * ACTIONS + b]! += noisy * (Number(a === b) - policy[s * ACTIONS + b]!);
  }
  const length = Math.sqrt(dot(step, step));
  return step.map((x) => (x * radius) / Math.max(length, 1e-9));
}

/** One problem: how many subsets were kept, and what the aggregated updates changed. */
function aggregate(problem: Problem, random: () => number) {
  const { gamma, logits } = problem;
  const policy = policyOf(logits);
  const radius = 0.002;
  const bound = 8 / (1 - gamma) ** 3;
  const steps = Array.from({ length: SUBSETS }, () => sampledStep(problem, radius, random));
  const shifts = steps.map((step) => policyShift(problem, policy, step));
  const [policyBound] = [...shifts].sort((a, b) => b - a).slice(1);
  const largest = Math.max(...advantagesOf(problem, policy).map(Math.abs));
  const constant = (2 * Math.SQRT2 * gamma * largest) / (1 - gamma) ** 2;
  const needed = constant * Math.sqrt(policyBound!) + 0.5 * bound * radius ** 2;
  const kept = steps.filter((step, i) => {
    const [slope, bend] = directional(problem, step);
    return slope + 0.5 * bend >= needed && shifts[i]! <= policyBound!;
  });
  const gain = (of: readonly number[][]) => {
    const mean = Array.from(
      { length: SIZE },
      (_, i) => sumOver(of.length, (k) => of[k]![i]!) / SUBSETS,
    );
    return objectiveAt(problem, moved(logits, mean)) - objectiveAt(problem, logits);
  };
  return { kept: kept.length, filtered: gain(kept), unfiltered: gain(steps) };
}

describe.each([0, 0.1, 0.2])('at γ = %d', (gamma) => {
  const generator = new Generator(7 + 10 * gamma);
  const pool: number[] = [];
  const random = () => {
    if (pool.length === 0) pool.push(...rand([4096], generator).toArray());
    return pool.pop()!;
  };
  const outcomes = Array.from({ length: PROBLEMS }, () =>
    aggregate(problemOf(gamma, random), random),
  );

  test('no update from accepted subsets lowers the objective', () => {
    for (const { kept, filtered } of outcomes)
      expect(filtered).toBeGreaterThanOrEqual(kept === 0 ? 0 : 1e-12);
  });

  test('the same updates without the filter sometimes do', () => {
    expect(outcomes.some(({ unfiltered }) => unfiltered < -1e-9)).toBe(true);
  });

  test('a fifth of the problems or more accept some subsets and not others', () => {
    const proper = outcomes.filter(({ kept }) => kept > 0 && kept < SUBSETS);
    expect(proper.length / PROBLEMS).toBeGreaterThanOrEqual(0.2);
  });
});
