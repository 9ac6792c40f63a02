// Matrix products and memory reads through the engine, nothing else: what floors are made of.
import {
  callInPlace,
  callTensor,
  dispose,
  empty,
  full,
  keep,
  linear,
  noGrad,
  type Tensor,
  tidy,
} from '../dist/tensor/index.js';
import type { Product } from './floor.ts';

/** A product's matrices, and the ways to compute it. */
interface Operands {
  readonly count: number;
  readonly tensors: readonly Tensor[];
  readonly ways: readonly ((layer: number) => void)[];
}

const stored = (batch: number, rows: number, columns: number, isTransposed: boolean): Tensor => {
  const sizes = isTransposed ? [columns, rows] : [rows, columns];
  const made = full(batch === 1 ? sizes : [batch, ...sizes], 0.5);
  const last = batch === 1 ? 0 : 1;
  return keep(isTransposed ? made.transpose(last, last + 1) : made);
};

function operandsOf(product: Product): Operands {
  const { m, n, k, batch, count, transposeLeft, transposeRight } = product;
  const left = stored(batch, m, k, transposeLeft);
  const rights = Array.from({ length: count }, () => stored(batch, k, n, transposeRight));
  const out = keep(empty(batch === 1 ? [m, n] : [batch, m, n]));
  const operator = batch === 1 ? 'aten::mm.out' : 'aten::bmm.out';
  const ways = [(layer: number) => callInPlace(operator, left, rights[layer]!, out)];
  // As the model computes it, by whatever kernel that takes.
  const weights = isProjection(product) ? rights.map((right) => keep(right.transpose(0, 1))) : [];
  if (weights.length > 0) ways.push((layer) => void linear(left, weights[layer]!));
  return { count, tensors: [left, ...rights, out, ...weights], ways };
}

const isProjection = ({ batch, transposeLeft, transposeRight }: Product): boolean =>
  batch === 1 && transposeRight && !transposeLeft;

/** Lists of products whose matrices are kept. */
const MOST_PREPARED = 3;

const prepared = new Map<string, Operands[]>();

/** Frees the matrices of the list that was made first. */
function forget(): void {
  for (const [key, operands] of prepared) {
    for (const { tensors } of operands) dispose(...tensors);
    prepared.delete(key);
    return;
  }
}

function prepare(products: readonly Product[]): { operands: Operands[]; isNew: boolean } {
  const key = JSON.stringify(products);
  const known = prepared.get(key);
  const operands = known ?? tidy(() => products.map(operandsOf));
  prepared.set(key, operands);
  if (prepared.size > MOST_PREPARED) forget();
  return { operands, isNew: known === undefined };
}

const tiny: Product = {
  ...{ label: 'empty', m: 1, n: 1, k: 1, batch: 1, count: 1, share: 1 },
  ...{ transposeLeft: false, transposeRight: false },
};

/** All products once, layer by layer as a step makes them; adds the seconds of one call in each way. */
function round(operands: readonly Operands[], seconds: readonly number[][]): void {
  const layers = Math.max(...operands.map(({ count }) => count));
  const most = Math.max(...operands.map(({ ways }) => ways.length));
  for (let way = 0; way < most; way++) {
    for (let layer = 0; layer < layers; layer++) {
      for (const [index, { count, ways }] of operands.entries()) {
        const perform = ways[way];
        if (layer >= count || perform === undefined) continue;
        const started = performance.now();
        perform(layer);
        seconds[index]![way]! += (performance.now() - started) / 1000 / count;
      }
    }
  }
}

/** Seconds per call of each product in its faster way, the mean of some rounds. */
export function timeProducts(products: readonly Product[], repeats: number) {
  const { operands, isNew } = prepare([...products, tiny]);
  const none = () => operands.map(({ ways }) => ways.map(() => 0));
  const seconds = none();
  noGrad(() => {
    if (isNew) tidy(() => round(operands, none()));
    for (let i = 0; i < repeats; i++) tidy(() => round(operands, seconds));
  });
  const least = seconds.map((sums) => Math.min(...sums) / repeats);
  return { perCall: least.slice(0, -1), emptyCall: least.at(-1)! };
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
