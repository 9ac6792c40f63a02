// The head and the loss alone, at a large vocabulary: the most memory above weights, moments, input and the head's
// gradient, and the time.
import type { HeadResult, HeadTask } from './memory-head-child.ts';
import { inProcess, megabytes, table } from './memory-process.ts';

const BAR_BYTES = 500e6;
const shape = { vocabulary: 151_936, width: 896, tokens: 4096 };

const tasks: (Omit<HeadTask, keyof typeof shape> & { threads: number })[] = [
  { tied: false, statistics: true, threads: 2 },
  { tied: false, statistics: false, threads: 1 },
  { tied: true, statistics: true, threads: 2 },
  { tied: true, statistics: true, threads: 1 },
];

/** Prints the table. @returns whether every row is under the bar. */
export function measureHead(): boolean {
  let isUnder = true;
  const rows = tasks.map(({ threads, ...task }) => {
    const { peak, seconds } = inProcess<HeadResult>(
      'memory-head-child.ts',
      { ...shape, ...task },
      threads,
    );
    isUnder &&= peak <= BAR_BYTES;
    const kind = [task.tied ? 'tied' : 'untied', task.statistics ? 'yes' : 'no', `${threads}`];
    return [...kind, megabytes(peak), (shape.tokens / seconds).toFixed(0)];
  });
  const { vocabulary, width, tokens } = shape;
  console.log(`head [${vocabulary}, ${width}], ${tokens} tokens, forward and backward; bar 500 MB`);
  const heading = ['head', 'entropy and top-1', 'threads', 'peak above, MB', 'tokens/s'];
  console.log(`${table(heading, rows)}\n`);
  return isUnder;
}
