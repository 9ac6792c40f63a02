// Rewards that module-reward.test.ts runs in a child process.
import { groupReward } from '../../../src/rewards/lift.ts';
import type { RewardFunction } from '../../../src/rewards/types.ts';

/** Does what the completion says, so that one group can hold every kind of failure. */
export const obedient: RewardFunction = async (completion, example, context) => {
  context.logMetric('seen', context.index);
  if (completion === 'hang') for (;;);
  if (completion === 'hang later') {
    await Promise.resolve();
    for (;;);
  }
  if (completion === 'never') return new Promise(() => {});
  if (completion === 'throw') throw new Error('told to');
  if (completion === 'exit') process.exit(3);
  if (completion === 'allocate') {
    const kept: number[][] = [];
    for (;;) kept.push(new Array(1e6).fill(0.5));
  }
  if (completion === 'print') {
    for (let i = 0; i < 200; i++) console.log('x'.repeat(10_000));
  }
  return completion.length + Number(example['bonus'] ?? 0);
};

export const rank = groupReward('rank', (group) => group.rollouts.map((_, index) => index));
export const notAReward = 5;

const constant = () => 1;
// biome-ignore lint/style/noDefaultExport: a reward module may have one
export default constant;
