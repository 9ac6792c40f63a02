import { type Random, seededRandom } from '../../recipes/quickstart/arithmetic.ts';

/** When a process is killed: so long after the n-th message of a kind, or after its start. */
export interface KillMoment {
  readonly aim: 'any' | 'rollout' | 'checkpoint' | 'resume';
  readonly after: 'spawn' | 'run-start' | 'step-start' | 'save-start';
  /** Which of these messages, counted from 1. */
  readonly count: number;
  readonly delayMs: number;
}

const draws: readonly ((random: Random) => KillMoment)[] = [
  // Any time while it trains.
  (random) => ({ aim: 'any', after: 'run-start', count: 1, delayMs: random(2500) }),
  // While it samples or scores: most of a step that samples goes into that.
  (random) => ({ aim: 'rollout', after: 'step-start', count: 1 + random(15), delayMs: random(60) }),
  // While it writes a checkpoint, which takes some milliseconds.
  (random) => ({
    aim: 'checkpoint',
    after: 'save-start',
    count: 1 + random(3),
    delayMs: random(25),
  }),
  // While it starts or takes the run up.
  (random) => ({ aim: 'resume', after: 'spawn', count: 1, delayMs: 300 + random(1200) }),
];

/** Seeded moments: of every four, one of each aim, in an order of their own. */
export function drawKillMoments(kills: number, seed: number): KillMoment[] {
  const random = seededRandom(seed + 1);
  const moments: KillMoment[] = [];
  while (moments.length < kills) {
    const order = [...draws];
    while (order.length > 0) moments.push(order.splice(random(order.length), 1)[0]!(random));
  }
  return moments.slice(0, kills);
}
