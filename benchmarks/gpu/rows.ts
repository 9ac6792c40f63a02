import type { Row } from '../rows.ts';
import type { Task } from '../side.ts';

const beside = (name: string, label: string, laurel: Task, reference: Task): Row => ({
  name,
  label,
  laurel: { side: 'laurel-gpu', task: laurel },
  reference: { side: 'pytorch-gpu', task: reference },
  bars: { need: 'any' },
});

/** What is compared on a device: no bar, the ratio is what is recorded. */
export function deviceRows(size: string): Row[] {
  const step: Task = { name: 'step', repeats: 3 };
  const rows = size === 'tiny' ? [2] : [8, 32, 128];
  return [
    beside('step', `${size}: training step`, step, step),
    beside('update', `${size}: the same by the trainer`, { name: 'update', repeats: 3 }, step),
    ...rows.map((count) => {
      const task: Task = { name: 'sample', rows: count };
      return beside(`sample-${count}`, `${size}: sampling, ${count} rows`, task, task);
    }),
  ];
}
