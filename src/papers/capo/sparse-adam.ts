import {
  callInPlace,
  callTensor,
  dispose,
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
  readonly #vocabSize: number;
  /** Where the moments of each row of the head are kept, int64 [V]; 0 where nowhere. Made where the gradients are. */
  #slotOf: Tensor | undefined;
  /** The row of each slot after the first. */
  #ids: number[] = [];
  /** [slots, C] each: both moments, and the sum of gradients since the last step. */
  #tables: readonly Tensor[] = [];
  /** Gradients in each sum, [slots]. */
  #counts: Tensor | undefined;
  #step = 0;

  constructor({ vocabSize, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: SparseAdamOptions) {
    this.#beta1 = beta1;
    this.#beta2 = beta2;
    this.#epsilon = epsilon;
    this.#vocabSize = vocabSize;
  }

  /** Rows with moments. */
  get rows(): number {
    return this.#ids.length;
  }

  logitStep(gradients: HeadGradients): Tensor {
    if (this.#step === 0) return sgdStepModel().logitStep(gradients);
    const { ids, coefficients, states } = gradients;
    const [first, second] = this.#tables as [Tensor, Tensor];
    const slots = this.#slots(ids);
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
        const kept = accepted.greater(0).unsqueeze(-1).logicalAnd(ids.greaterEqual(0)); // [N, K]
        this.#makeRoom(ids, kept, states);
        const slots = this.#slots(ids);
        const weight = kept.to({ dtype: coefficients.dtype });
        callInPlace(
          'aten::index_add_',
          this.#counts!,
          0,
          slots.reshape([-1]),
          weight.reshape([-1]),
        );
        const scale = coefficients.mul(weight);
        callInPlace('laurel::add_outer_rows_', this.#tables[2]!, states, scale, slots);
      }),
    );
  }

  advance(): void {
    this.#step += 1;
    if (this.#counts === undefined) return;
    const [first, second, sums] = this.#tables as [Tensor, Tensor, Tensor];
    const [beta1, beta2] = [this.#beta1, this.#beta2];
    noGrad(() => {
      callInPlace('laurel::mix_row_moments_', first, second, sums, this.#counts!, beta1, beta2);
      this.#counts!.mul_(0);
    });
  }

  discard(): void {
    noGrad(() => {
      this.#counts?.mul_(0);
      this.#tables[2]?.mul_(0);
    });
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
    for (const held of [this.#slotOf, this.#counts, ...this.#tables]) if (held) dispose(held);
    this.#slotOf = undefined;
    this.#counts = undefined;
    this.#tables = [];
    this.#step = step!.item();
    this.#ids = ids === undefined ? [] : ids.toArray();
    if (ids === undefined || first === undefined || second === undefined) return;
    noGrad(() =>
      tidy(() => {
        this.#mapIds(this.#ids, 1, first);
        this.#grow(first);
        for (const [k, saved] of [first, second].entries())
          this.#tables[k]!.narrow(0, 1, this.rows).copy_(saved);
      }),
    );
  }

  /** Where the moments of rows are; those of −1, and of rows never seen, are nowhere. */
  #slots(ids: Tensor): Tensor {
    const isRow = ids.greaterEqual(0).to({ dtype: 'int64' });
    return this.#slotTable(ids)
      .indexSelect(0, ids.clamp(0).reshape([-1]))
      .view(ids.shape)
      .mul(isRow);
  }

  #slotTable({ device }: Tensor): Tensor {
    this.#slotOf ??= keep(zeros([this.#vocabSize], { dtype: 'int64', device }));
    return this.#slotOf;
  }

  /** Gives the next slots to rows that have none. */
  #mapIds(ids: readonly number[], firstSlot: number, like: Tensor): void {
    const options = { dtype: 'int64', device: like.device } as const;
    const slots = ids.map((_, i) => firstSlot + i);
    callInPlace(
      'aten::index_copy_',
      this.#slotTable(like),
      0,
      tensor([...ids], options),
      tensor(slots, options),
    );
  }

  /** Slots for the kept rows that have none yet. */
  #makeRoom(ids: Tensor, kept: Tensor, states: Tensor): void {
    const isNew = this.#slots(ids).eq(UNSEEN).logicalAnd(kept);
    if (isNew.sum().item() > 0) {
      const found = [...new Set(callTensor('aten::masked_select', ids, isNew).toArray())];
      this.#mapIds(found, this.rows + 1, states);
      this.#ids.push(...found);
    }
    this.#grow(states);
  }

  /** Makes room for every slot, twice as much as before where there was too little. */
  #grow(like: Tensor): void {
    const [needed, width] = [this.rows + 1, like.shape[1]!];
    const held = this.#tables[0]?.shape[0] ?? 0;
    if (held >= needed) return;
    const capacity = Math.min(Math.max(needed, 2 * held, 64), this.#vocabSize + 1);
    const grown = (shape: number[], before: Tensor | undefined): Tensor => {
      const table = keep(zeros(shape, { dtype: like.dtype, device: like.device }));
      if (before === undefined) return table;
      table.narrow(0, 0, held).copy_(before);
      dispose(before);
      return table;
    };
    this.#tables = Array.from({ length: 3 }, (_, k) => grown([capacity, width], this.#tables[k]));
    this.#counts = grown([capacity], this.#counts);
  }
}
