// Matrix products and memory reads through the engine, nothing else: what floors are made of.
import {
  callInPlace,
  callTensor,
  dispose,
  empty,
  full,
  keep,
  noGrad,
  type Tensor,
  tidy,
} from '../dist/tensor/index.js';
import type { Product } from './floor.ts';

interface Operands {
  readonly operator: string;
  readonly left: Tensor;
  readonly rights: readonly Tensor[];
  readonly out: Tensor;
}

const stored = (batch: number, rows: number, columns: number, isTransposed: boolean): Tensor => {
  const sizes = isTransposed ? [columns, rows] : [rows, columns];
  const made = full(batch === 1 ? sizes : [batch, ...sizes], 0.5);
  const last = batch === 1 ? 0 : 1;
  return keep(isTransposed ? made.transpose(last, last + 1) : made);
};

function operandsOf({ m, n, k, batch, count, transposeLeft, transposeRight }: Product): Operands {
  return tidy(() => ({
    operator: batch === 1 ? 'aten::mm.out' : 'aten::bmm.out',
    left: stored(batch, m, k, transposeLeft),
    rights: Array.from({ length: count }, () => stored(batch, k, n, transposeRight)),
    out: keep(empty(batch === 1 ? [m, n] : [batch, m, n])),
  }));
}

/** Lists of products whose matrices are kept. */
const MOST_PREPARED = 3;

const prepared = new Map<string, Operands[]>();

/** Frees the matrices of the list that was made first. */
function forget(): void {
  for (const [key, operands] of prepared) {
    for (const { left, rights, out } of operands) dispose(left, ...rights, out);
    prepared.delete(key);
    return;
  }
}
function prepare(products: readonly Product[]): { operands: Operands[]; isNew: boolean } {
  const key = JSON.stringify(products);
  const known = prepared.get(key);
  const operands = known ?? products.map(operandsOf);
  prepared.set(key, operands);
  if (prepared.size > MOST_PREPARED) forget();
  return { operands, isNew: known === undefined };
}

const tiny: Product = {
  ...{ label: 'empty', m: 1, n: 1, k: 1, batch: 1, count: 1, share: 1 },
  ...{ transposeLeft: false, transposeRight: false },
};

/** All products once, layer by layer as a step makes them; adds each call's seconds to `seconds`. */
function round(operands: readonly Operands[], seconds: number[]): void {
  const layers = Math.max(...operands.map(({ rights }) => rights.length));
  for (let layer = 0; layer < layers; layer++) {
    for (const [index, { operator, left, rights, out }] of operands.entries()) {
      const right = rights[layer];
      if (right === undefined) continue;
      const started = performance.now();
      callInPlace(operator, left, right, out);
      seconds[index]! += (performance.now() - started) / 1000 / rights.length;
    }
  }
}

/** Seconds per call of each product, the mean of some rounds. */
export function timeProducts(products: readonly Product[], repeats: number) {
  const { operands, isNew } = prepare([...products, tiny]);
  const seconds = operands.map(() => 0);
  noGrad(() =>
    tidy(() => {
      if (isNew) round(operands, [...seconds]);
      for (let i = 0; i < repeats; i++) round(operands, seconds);
    }),
  );
  const means = seconds.map((sum) => sum / repeats);
  return { perCall: means.slice(0, -1), emptyCall: means.at(-1)! };
}

let lastBuffer: Tensor | undefined;

/** Memory of so many floats, written so that it is there. */
function bufferOf(size: number): Tensor {
  if (lastBuffer?.size === size) return lastBuffer;
  if (lastBuffer !== undefined) dispose(lastBuffer);
  lastBuffer = tidy(() => keep(full([size], 0.5)));
  return lastBuffer;
}

/** Seconds to read some bytes once: the faster of a sum and a dot product, best of some repeats. */
export function timeRead(bytes: number, repeats: number) {
  const size = Math.ceil(bytes / 4);
  const buffer = bufferOf(size);
  const half = Math.floor(size / 2);
  let least = Number.POSITIVE_INFINITY;
  const reads = [
    () => callTensor('aten::sum', buffer, null),
    () => callTensor('aten::dot', buffer.narrow(0, 0, half), buffer.narrow(0, half, half)),
  ];
  noGrad(() =>
    tidy(() => {
      for (let i = 0; i <= repeats; i++) {
        for (const read of reads) {
          const started = performance.now();
          read();
          least = Math.min(least, (performance.now() - started) / 1000);
        }
      }
    }),
  );
  return { wall: least, processor: least };
}
