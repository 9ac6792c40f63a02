// The rows of the speed table: what is done, beside whom, and the bar.
import { cacheBytes, decodeProducts, type Product, trainingProducts } from './floor.ts';
import { commonShape } from './shapes.ts';
import type { SideName, Task } from './side.ts';
import type { Bars } from './table.ts';

/** A child program and what it is asked. */
export interface Work {
  readonly side: SideName;
  readonly task: Task;
}

/** The part of a row's work that cannot be avoided. */
export interface Floor {
  readonly products: readonly Product[];
  /** Rounds of the products in one task. */
  readonly rounds: number;
  /** Bytes of cache that one task reads, in passes over `cachePass` bytes. */
  readonly cacheBytes: number;
  readonly cachePass: number;
  /** Whose products count: those of Laurel's own setting, or the fastest of all children. */
  readonly by: 'laurel' | 'fastest';
}

export interface Row {
  readonly name: string;
  readonly label: string;
  readonly laurel: Work;
  readonly reference: Work;
  readonly bars: Bars;
  readonly floor?: Floor;
}

const { sampleTokens, trainRows, trainTokens } = commonShape;
const STEP_REPEATS = 2;

/** The cache grows by a token a step: on average it is half full. */
function samplingFloor(rows: number): Floor {
  const lengths = Array.from({ length: sampleTokens }, (_, step) => step + 1);
  return {
    products: decodeProducts(commonShape, rows),
    rounds: sampleTokens,
    cacheBytes: lengths.reduce((sum, length) => sum + cacheBytes(commonShape, rows, length), 0),
    cachePass: cacheBytes(commonShape, rows, sampleTokens / 2),
    by: 'fastest',
  };
}

const sampling = (rows: number, bars: Bars): Row => {
  const task: Task = { name: 'sample', rows };
  return {
    name: `sample-${rows}`,
    label: `sampling ${sampleTokens} tokens, ${rows} ${rows === 1 ? 'row' : 'rows'}, beside a plain loop`,
    laurel: { side: 'laurel', task },
    reference: { side: 'pytorch', task },
    bars,
    floor: samplingFloor(rows),
  };
};

const training = (name: 'step' | 'update', label: string, bars: Bars): Row => ({
  name,
  label,
  laurel: { side: 'laurel', task: { name, repeats: STEP_REPEATS } },
  reference: { side: 'pytorch', task: { name: 'step', repeats: STEP_REPEATS } },
  bars,
  floor: {
    products: trainingProducts(commonShape),
    rounds: 1,
    cacheBytes: 0,
    cachePass: 0,
    by: 'laurel',
  },
});

/** Every row, in the table's order. */
export const tableRows: readonly Row[] = [
  training('step', `training step, ${trainRows}×${trainTokens} tokens`, {
    speed: 1.25,
    floor: 0.65,
    need: 'all',
  }),
  training('update', 'the same by the trainer', { need: 'all' }),
  sampling(1, { need: 'any' }),
  sampling(8, { speed: 3, floor: 0.6, need: 'any' }),
  sampling(32, { speed: 2.5, floor: 0.6, need: 'any' }),
  sampling(128, { speed: 2, floor: 0.6, need: 'any' }),
  {
    name: 'generate-32',
    label: `sampling ${sampleTokens} tokens, 32 rows, beside transformers' generate`,
    laurel: { side: 'laurel', task: { name: 'sample', rows: 32, family: 'qwen2' } },
    reference: { side: 'transformers', task: { name: 'sample', rows: 32 } },
    bars: { speed: 8, need: 'all' },
  },
  {
    name: 'grpo-step',
    label: "whole GRPO step, 8×8 completions of 64 tokens, beside TRL's GRPOTrainer",
    laurel: { side: 'laurel-grpo', task: { name: 'grpo' } },
    reference: { side: 'trl', task: { name: 'grpo' } },
    bars: { speed: 4, need: 'all' },
  },
];

/** The rows that `--only` names, all of them without it. @throws Error naming what exists. */
export function chooseRows(only: string | undefined, rows: readonly Row[] = tableRows): Row[] {
  if (only === undefined) return [...rows];
  const names = only.split(',').filter(Boolean);
  const unknown = names.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0 || names.length === 0) {
    throw new Error(
      `--only: no row is named ${unknown.join(', ') || 'nothing'}; there are ${rows.map(({ name }) => name).join(', ')}`,
    );
  }
  return rows.filter(({ name }) => names.includes(name));
}
