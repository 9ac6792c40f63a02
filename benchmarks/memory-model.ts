// A whole training step with and without recomputed layers: parameters, what tensors need at most, and the time.

import type { ModelResult, ModelTask } from './memory-model-child.ts';
import { inProcess } from './memory-process.ts';
import { chosenCases, type MemoryRow, recordMemory } from './memory-record.ts';

const shapes: Omit<ModelTask, 'recompute'>[] = [
  { width: 256, layers: 8, vocabulary: 32_000, rows: 8, length: 256 },
  { width: 512, layers: 8, vocabulary: 8_192, rows: 4, length: 512 },
  { width: 512, layers: 12, vocabulary: 8_192, rows: 2, length: 1024 },
];

const cases = shapes.map((shape) => ({ name: `${shape.layers} × ${shape.width}`, shape }));
const kinds = ['remembered', 'recomputed'] as const;

const about = {
  kind: 'model',
  title: 'A step of AdamW, float32, one thread: layers remembered or computed again',
  labels: ['layers × width, vocabulary', 'tokens', 'layers'],
  order: cases.flatMap(({ name }) => kinds.map((kind) => `${name} ${kind}`)),
} as const;

function rowOf({ name, shape }: (typeof cases)[number], kind: string, found: ModelResult) {
  const labels = [`${name}, ${shape.vocabulary}`, `${shape.rows} × ${shape.length}`, kind];
  const bytes = {
    weights: found.parameters * 4,
    'gradients and activations': found.above,
    'peak of the process': found.peak,
  };
  const further = { seconds: found.seconds.toFixed(2) };
  return { name: `${name} ${kind}`, labels, bytes, further } satisfies MemoryRow;
}

/** Prints and records the table. @returns whether recomputing needs less everywhere. */
export function measureModel(): boolean {
  let isLess = true;
  for (const given of chosenCases(cases)) {
    const [remembered, recomputed] = kinds.map((kind) => {
      const task: ModelTask = { ...given.shape, recompute: kind === 'recomputed' };
      const found = inProcess<ModelResult>('memory-model-child.ts', task, 1);
      recordMemory(about, [rowOf(given, kind, found)]);
      return found;
    });
    isLess &&= recomputed!.peak < remembered!.peak;
  }
  return isLess;
}
