// A whole training step with and without recomputed layers: parameters, what tensors need at most, and the time.

import type { ModelResult, ModelTask } from './memory-model-child.ts';
import { inProcess, megabytes, table } from './memory-process.ts';

const shapes: Omit<ModelTask, 'recompute'>[] = [
  { width: 256, layers: 8, vocabulary: 32_000, rows: 8, length: 256 },
  { width: 512, layers: 8, vocabulary: 8_192, rows: 4, length: 512 },
  { width: 512, layers: 12, vocabulary: 8_192, rows: 2, length: 1024 },
];

/** Prints the table. @returns whether recomputing needs less everywhere. */
export function measureModel(): boolean {
  let isLess = true;
  const rows = shapes.flatMap((shape) => {
    const ask = (recompute: boolean) =>
      inProcess<ModelResult>('memory-model-child.ts', { ...shape, recompute }, 1);
    const [remembered, recomputed] = [ask(false), ask(true)];
    isLess &&= recomputed.peak < remembered.peak;
    const { width, layers, vocabulary, rows, length } = shape;
    return [remembered, recomputed].map(({ parameters, above, peak, seconds }, index) => [
      `${layers} × ${width}, ${vocabulary}`,
      `${rows} × ${length}`,
      index === 0 ? 'remembered' : 'recomputed',
      ...[parameters * 4, above, peak].map(megabytes),
      seconds.toFixed(2),
    ]);
  });
  const memory = ['weights, MB', 'gradients and activations, MB', 'peak of the process, MB'];
  console.log(
    `${table(['layers × width, vocabulary', 'tokens', 'layers', ...memory, 'seconds'], rows)}\n`,
  );
  return isLess;
}
