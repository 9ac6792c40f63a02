import { callTensor, fromTypedArray, type Tensor, where } from '../tensor/index.ts';

/** Over which distribution a constrained token's log-probability is taken. */
export type ConstrainedDistribution =
  /** The softmax over the whole vocabulary; what leaves the set is simply not taken. As published. */
  | 'full'
  /** Renormalised over the tokens that may come next: what is really drawn from. */
  | 'constrained';

/** A number for each token of each row's set, one set after another: row r's are offsets[r] to offsets[r + 1]. */
export interface SetValues {
  readonly values: Float32Array | Float64Array;
  /** [R + 1] */
  readonly offsets: Int32Array;
}

/** log π of the tokens of each row's set, from logits [R, V], read from where they are and without padding. */
export function setLogprobs(
  logits: Tensor,
  sets: readonly Int32Array[],
  distribution: ConstrainedDistribution,
): SetValues {
  const offsets = offsetsOf(sets);
  const read =
    logits.dtype === 'float32' && logits.device === 'cpu' ? fusedLogprobs : paddedLogprobs;
  return { values: read(logits, sets, offsets, distribution), offsets };
}

/** As `setLogprobs` under `constrained`, from states [R, C] and the head [V, C]: no other logits are made. float32, CPU. */
export function setLogprobsOf(
  states: Tensor,
  head: Tensor,
  sets: readonly Int32Array[],
): SetValues {
  const offsets = offsetsOf(sets);
  const scores = callTensor('laurel::set_logprobs_of', states, head, ...flatSets(sets, offsets));
  return { values: scores.toTypedArray() as Float32Array, offsets };
}

function offsetsOf(sets: readonly Int32Array[]): Int32Array {
  const offsets = new Int32Array(sets.length + 1);
  for (const [row, { length }] of sets.entries()) offsets[row + 1] = offsets[row]! + length;
  return offsets;
}

/** Sets one after another [N], and where each begins [R + 1]. */
function flatSets(sets: readonly Int32Array[], offsets: Int32Array): [Tensor, Tensor] {
  const ids = new Int32Array(offsets.at(-1)!);
  for (const [row, set] of sets.entries()) ids.set(set, offsets[row]!);
  return [fromTypedArray(ids, [ids.length]), fromTypedArray(offsets, [offsets.length])];
}

type ReadLogprobs = (
  logits: Tensor,
  sets: readonly Int32Array[],
  offsets: Int32Array,
  distribution: ConstrainedDistribution,
) => SetValues['values'];

const fusedLogprobs: ReadLogprobs = (logits, sets, offsets, distribution) =>
  callTensor(
    'laurel::set_logprobs',
    ...[logits, ...flatSets(sets, offsets), distribution === 'constrained'],
  ).toTypedArray() as Float32Array;

/** Sets side by side, int64 [R, K], padded with 0, and where a token stands, bool [R, K]. */
function sideBySide(sets: readonly Int32Array[], device: string): { ids: Tensor; isThere: Tensor } {
  const widest = sets.reduce((most, { length }) => Math.max(most, length), 1);
  const ids = new Int32Array(sets.length * widest);
  const isThere = new Uint8Array(sets.length * widest);
  for (const [row, set] of sets.entries()) {
    ids.set(set, row * widest);
    isThere.fill(1, row * widest, row * widest + set.length);
  }
  const shape = [sets.length, widest];
  return {
    ids: fromTypedArray(ids, shape).to({ dtype: 'int64', device }),
    isThere: fromTypedArray(isThere, shape).to({ dtype: 'bool', device }),
  };
}

const paddedLogprobs: ReadLogprobs = (logits, sets, offsets, distribution) => {
  const { ids, isThere } = sideBySide(sets, logits.device);
  const wide = logits.dtype === 'float64' ? logits : logits.to({ dtype: 'float32' });
  const kept = where(isThere, wide.gather(1, ids), Number.NEGATIVE_INFINITY);
  const all =
    distribution === 'constrained'
      ? kept.logSoftmax(-1)
      : kept.sub(wide.logsumexp(-1, { keepDim: true }));
  const [numbers, widest] = [all.toTypedArray() as Float32Array | Float64Array, ids.shape[1]!];
  const values = new Float64Array(offsets.at(-1)!);
  for (const [row, { length }] of sets.entries())
    values.set(numbers.subarray(row * widest, row * widest + length), offsets[row]!);
  return values;
};
