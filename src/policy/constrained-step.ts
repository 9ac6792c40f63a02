import { callTensor, fromTypedArray, type Tensor, where } from '../tensor/index.ts';
import type { TokenConstraint } from './token-constraint.ts';

/** The tokens that each row may take next, side by side. */
export interface AllowedTokens {
  /** By row. */
  readonly sets: readonly Int32Array[];
  /** int64 [R, K], padded with 0. */
  readonly ids: Tensor;
  /** bool [R, K]: where a token stands. */
  readonly isThere: Tensor;
}

/** Lays out what a constraint allows at each row's place. */
export const allowedTokens = (
  constraint: TokenConstraint,
  places: readonly number[],
  device: string,
): AllowedTokens =>
  sideBySide(
    places.map((place) => constraint.allowed(place)),
    device,
  );

function sideBySide(sets: readonly Int32Array[], device: string): AllowedTokens {
  const widest = sets.reduce((most, { length }) => Math.max(most, length), 1);
  const ids = new Int32Array(sets.length * widest);
  const isThere = new Uint8Array(sets.length * widest);
  for (const [row, set] of sets.entries()) {
    ids.set(set, row * widest);
    isThere.fill(1, row * widest, row * widest + set.length);
  }
  const shape = [sets.length, widest];
  return {
    sets,
    ids: fromTypedArray(ids, shape).to({ dtype: 'int64', device }),
    isThere: fromTypedArray(isThere, shape).to({ dtype: 'bool', device }),
  };
}

/** Over which distribution a constrained token's log-probability is taken. */
export type ConstrainedDistribution =
  /** The softmax over the whole vocabulary; what leaves the set is simply not taken. As published. */
  | 'full'
  /** Renormalised over the tokens that may come next: what is really drawn from. */
  | 'constrained';

/** log π of each row's allowed tokens [R, K], −∞ where none stands, from logits [R, V]. */
export function allowedLogprobs(
  logits: Tensor,
  { ids, isThere }: AllowedTokens,
  distribution: ConstrainedDistribution,
): Tensor {
  const wide = logits.dtype === 'float64' ? logits : logits.to({ dtype: 'float32' });
  const kept = where(isThere, wide.gather(1, ids), Number.NEGATIVE_INFINITY);
  return distribution === 'constrained'
    ? kept.logSoftmax(-1)
    : kept.sub(wide.logsumexp(-1, { keepDim: true }));
}

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

const paddedLogprobs: ReadLogprobs = (logits, sets, offsets, distribution) => {
  const padded = allowedLogprobs(logits, sideBySide(sets, logits.device), distribution);
  const all = padded.toTypedArray() as Float32Array | Float64Array;
  const values = new Float64Array(offsets.at(-1)!);
  for (const [row, { length }] of sets.entries()) {
    const start = row * padded.shape[1]!;
    values.set(all.subarray(start, start + length), offsets[row]!);
  }
  return values;
};
