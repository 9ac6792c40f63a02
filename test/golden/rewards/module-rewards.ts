// Rewards that module-reward.test.ts runs in a child process.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { groupReward } from '../../../src/rewards/lift.ts';
import type { RewardFunction } from '../../../src/rewards/types.ts';

const sleeper = 'setInterval(() => {}, 1000)';

/** What completions ask for that ends a process or its peace. */
const misdeeds: Record<string, (file: string) => unknown> = {
  'exit 0': () => process.exit(0),
  'kill itself': () => process.kill(process.pid, 'SIGKILL'),
  'fill buffers': () => {
    const kept: Buffer[] = [];
    for (;;) kept.push(Buffer.alloc(2 ** 24, 1));
  },
  'throw later': () => {
    setTimeout(() => {
      throw new Error('nobody waits for this');
    }, 10);
    return new Promise(() => {});
  },
  'send garbage': () => {
    for (const message of [
      null,
      'x',
      {},
      { type: 'scored' },
      { type: 'scored', id: 0, attempts: [5] },
    ])
      process.send?.(message);
    return 1;
  },
  'ignore SIGTERM': async () => {
    process.on('SIGTERM', () => {});
    process.kill(process.pid, 'SIGTERM');
    await Promise.resolve();
    for (;;);
  },
  fork: (file) => {
    const child = spawn(process.execPath, ['-e', sleeper], { stdio: 'inherit' });
    writeFileSync(file, String(child.pid));
    process.exit(4);
  },
  'hang with its pid': async (file) => {
    writeFileSync(file, String(process.pid));
    await Promise.resolve();
    for (;;);
  },
};

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
  const misdeed = misdeeds[completion];
  if (misdeed) return misdeed(String(example['file'])) as number;
  return completion.length + Number(example['bonus'] ?? 0);
};

export const rank = groupReward('rank', (group) => group.rollouts.map((_, index) => index));
export const notAReward = 5;

const constant = () => 1;
// biome-ignore lint/style/noDefaultExport: a reward module may have one
export default constant;
