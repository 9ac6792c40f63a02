// The head and the loss alone, at a large vocabulary: the most memory above weights, moments, input and the head's
// gradient, and the time.
import type { HeadResult, HeadTask } from './memory-head-child.ts';
import { inProcess } from './memory-process.ts';
import { chosenCases, recordMemory } from './memory-record.ts';

const BAR_BYTES = 500e6;
const shape = { vocabulary: 151_936, width: 896, tokens: 4096 };

interface Task extends Omit<HeadTask, keyof typeof shape> {
  readonly name: string;
  readonly threads: number;
}

const tasks = [2, 1].flatMap((threads) =>
  [false, true].flatMap((tied) =>
    [true, false].map((statistics): Task => {
      const parts = [tied ? 'tied' : 'untied', statistics ? 'statistics' : 'plain', `${threads}`];
      return { name: parts.join(' '), tied, statistics, threads };
    }),
  ),
);

const { vocabulary, width, tokens } = shape;

const about = {
  kind: 'head',
  title: `Head [${vocabulary}, ${width}] and loss, ${tokens} tokens, forward and backward: most memory above weights, moments, input and the head's gradient; bar ${BAR_BYTES / 1e6} MB`,
  labels: ['head', 'entropy and top-1', 'threads'],
  order: tasks.map(({ name }) => name),
} as const;

/** Prints and records the table. @returns whether every row is under the bar. */
export function measureHead(): boolean {
  let isUnder = true;
  for (const { name, threads, ...task } of chosenCases(tasks)) {
    const { peak, seconds } = inProcess<HeadResult>(
      'memory-head-child.ts',
      { ...shape, ...task },
      threads,
    );
    isUnder &&= peak <= BAR_BYTES;
    const labels = [task.tied ? 'tied' : 'untied', task.statistics ? 'yes' : 'no', `${threads}`];
    const further = { 'tokens/s': (tokens / seconds).toFixed(0) };
    recordMemory(about, [{ name, labels, bytes: { 'peak above': peak }, further }]);
  }
  return isUnder;
}
