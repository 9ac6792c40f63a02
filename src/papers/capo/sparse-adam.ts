import {
  callInPlace,
  callTensor,
  dispose,
  fromTypedArray,
  keep,
  noGrad,
  type Tensor,
  tensor,
  tidy,
  zeros,
} from '../../tensor/index.ts';
import { type HeadGradients, type StepModel, sgdStepModel } from './step-model.ts';

export interface SparseAdamOptions {
  /** Rows of the head. */
  readonly vocabSize: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** Slot of rows that were never seen: its moments are zero, and stay so. */
const UNSEEN = 0;

/**
 * Adam over the rows of the head that top tokens have touched, as a model of the optimiser: it reads one token's
 * gradient at a time and moves on once a step.
 *   m' = β₁ m + (1 − β₁) G,  v' = β₂ v + (1 − β₂) G²,  Ĝ = (m' / (1 − β₁^{t+1})) / (√(v' / (1 − β₂^{t+1})) + ε)
 * Kingma and Ba 2015, arXiv:1412.6980; by rows as in the code of Melo et al. 2025, arXiv:2510.00819:
 * - The gradient that a step takes in is, row by row, the mean over the accepted tokens' occurrences of that row.
 * - Rows that no accepted token touches keep their moments; t counts steps, not a row's own.
 * - Before the first step there is no state, and Ĝ = G.
 */
export class SparseAdam implements StepModel {
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  /** Where the moments of each row of the head are kept; 0 where nowhere. */
  readonly #slotOf: Int32Array;
  /** The row of each slot after the first. */
  #ids: number[] = [];
  #counts = new Float64Array(1);
  /** [slots, C] each: both moments, and the sum of gradients since the last step. */
  #tables: readonly Tensor[] = [];
  #step = 0;

  constructor({ vocabSize, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: SparseAdamOptions) {
    this.#beta1 = beta1;
    this.#beta2 = beta2;
    this.#epsilon = epsilon;
    this.#slotOf = new Int32Array(vocabSize);
  }

  /** Rows with moments. */
  get rows(): number {
    return this.#ids.length;
  }

  logitStep(gradients: HeadGradients): Tensor {
    if (this.#step === 0) return sgdStepModel().logitStep(gradients);
    const { ids, coefficients, states } = gradients;
    const [first, second] = this.#tables as [Tensor, Tensor];
    const slots = this.#slots(readIds(ids), ids);
    const [correction1, correction2] = [this.#beta1, this.#beta2].map(
      (beta) => 1 - beta ** (this.#step + 1),
    );
    return callTensor(
      'laurel::row_adam_products',
      states,
      coefficients,
      slots,
      first,
      second,
      this.#beta1,
      this.#beta2,
      correction1,
      correction2,
      this.#epsilon,
    );
  }

  collect({ ids, coefficients, states }: HeadGradients, accepted: Tensor): void {
    noGrad(() =>
      tidy(() => {
        const [rows, kept] = [readIds(ids), accepted.toArray()];
        const each = ids.shape[1]!;
        for (const [i, id] of rows.entries()) {
          if (kept[Math.floor(i / each)] === 0) continue;
          if (id >= 0 && this.#slotOf[id] === UNSEEN) this.#slotOf[id] = this.#ids.push(id);
        }
        this.#grow(states);
        for (const [i, id] of rows.entries())
          this.#counts[this.#slotOf[id] ?? UNSEEN]! += kept[Math.floor(i / each)]!;
        const scale = coefficients.mul(accepted.to({ dtype: coefficients.dtype }).unsqueeze(-1));
        callInPlace(
          'laurel::add_outer_rows_',
          this.#tables[2]!,
          states,
          scale,
          this.#slots(rows, ids),
        );
      }),
    );
  }

  advance(): void {
    const touched = [...this.#ids.keys()]
      .map((i) => i + 1)
      .filter((slot) => this.#counts[slot]! > 0);
    this.#step += 1;
    if (touched.length === 0) return;
    noGrad(() =>
      tidy(() => {
        const [first, second, sums] = this.#tables as [Tensor, Tensor, Tensor];
        const slots = tensor(touched, { dtype: 'int64', device: sums.device });
        const counts = tensor(
          touched.map((slot) => this.#counts[slot]!),
          { dtype: sums.dtype as 'float32', device: sums.device },
        );
        const gradient = sums.indexSelect(0, slots).div(counts.unsqueeze(-1));
        mixRows(first, slots, gradient, this.#beta1);
        mixRows(second, slots, gradient.square(), this.#beta2);
      }),
    );
    this.discard();
  }

  discard(): void {
    this.#counts.fill(0);
    noGrad(() => this.#tables[2]?.mul_(0));
  }

  state(): Readonly<Record<string, Tensor>> {
    const [first, second] = this.#tables;
    const step = tensor([this.#step], { dtype: 'float64' });
    if (first === undefined || second === undefined) return { step };
    const held = (table: Tensor) => table.narrow(0, 1, this.rows).contiguous();
    const ids = tensor(this.#ids, { dtype: 'int64' });
    return { step, ids, exp_avg: held(first), exp_avg_sq: held(second) };
  }

  load({ step, ids, exp_avg: first, exp_avg_sq: second }: Readonly<Record<string, Tensor>>): void {
    this.#slotOf.fill(UNSEEN);
    dispose(...this.#tables);
    this.#tables = [];
    this.#counts = new Float64Array(1);
    this.#step = step!.item();
    this.#ids = ids === undefined ? [] : ids.toArray();
    for (const [i, id] of this.#ids.entries()) this.#slotOf[id] = i + 1;
    if (first === undefined || second === undefined) return;
    this.#grow(first);
    noGrad(() =>
      tidy(() => {
        for (const [k, saved] of [first, second].entries())
          this.#tables[k]!.narrow(0, 1, this.rows).copy_(saved);
      }),
    );
  }

  #slots(rows: Int32Array, ids: Tensor): Tensor {
    const slots = BigInt64Array.from(rows, (id) => BigInt(this.#slotOf[id] ?? UNSEEN));
    return fromTypedArray(slots, ids.shape).to({ device: ids.device });
  }

  /** Makes room for every slot, twice as much as before where there was too little. */
  #grow(like: Tensor): void {
    const [needed, width] = [this.#ids.length + 1, like.shape[1]!];
    const held = this.#counts.length;
    if (this.#tables.length > 0 && held >= needed) return;
    const capacity = Math.min(Math.max(needed, 2 * held, 64), this.#slotOf.length + 1);
    this.#tables = Array.from({ length: 3 }, (_, k) => {
      const table = keep(zeros([capacity, width], { dtype: like.dtype, device: like.device }));
      const before = this.#tables[k];
      if (before !== undefined) {
        table.narrow(0, 0, held).copy_(before);
        dispose(before);
      }
      return table;
    });
    const counts = new Float64Array(capacity);
    counts.set(this.#counts);
    this.#counts = counts;
  }
}

const readIds = (ids: Tensor): Int32Array =>
  ids.to({ dtype: 'int32' }).toTypedArray() as Int32Array;

/** Rows ← β rows + (1 − β) values. */
function mixRows(table: Tensor, slots: Tensor, values: Tensor, beta: number): void {
  const mixed = table
    .indexSelect(0, slots)
    .mul(beta)
    .add(values.mul(1 - beta));
  callInPlace('aten::index_copy_', table, 0, slots, mixed);
}
