import { expect, test } from 'vitest';
import { Generator, ones, type Tensor, tensor } from '../../tensor/index.ts';
import { predictShifts } from './shifts.ts';
import { SparseAdam } from './sparse-adam.ts';
import type { HeadGradients } from './step-model.ts';
import { sgdStepModel } from './step-model.ts';
import { randomGradients } from './testing.ts';

const sizes = { tokens: 7, top: 4, width: 37, vocabSize: 11 };
const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

/** The model in plain numbers: dense tables, Kingma and Ba's formulas, row by row. */
class PlainAdam {
  readonly first = new Map<number, number[]>();
  readonly second = new Map<number, number[]>();
  step = 0;

  #row(table: Map<number, number[]>, id: number): number[] {
    return table.get(id) ?? Array<number>(sizes.width).fill(0);
  }

  logitStep({ ids, coefficients, states }: HeadGradients): number[] {
    const [rows, scale, h] = [ids, coefficients, states].map((x) => x.toArray()) as [
      number[],
      number[],
      number[],
    ];
    return rows.map((id, i) => {
      const n = Math.floor(i / sizes.top);
      const [m, v] = [this.#row(this.first, id), this.#row(this.second, id)];
      let sum = 0;
      for (let c = 0; c < sizes.width; c++) {
        const state = h[n * sizes.width + c]!;
        const g = scale[i]! * state;
        const mean = (beta1 * m[c]! + (1 - beta1) * g) / (1 - beta1 ** (this.step + 1));
        const square = (beta2 * v[c]! + (1 - beta2) * g * g) / (1 - beta2 ** (this.step + 1));
        sum += (state * mean) / (Math.sqrt(square) + epsilon);
      }
      return sum;
    });
  }

  advance({ ids, coefficients, states }: HeadGradients, accepted: readonly number[]): void {
    const [rows, scale, h] = [ids, coefficients, states].map((x) => x.toArray());
    const sums = new Map<number, { count: number; sum: number[] }>();
    for (const [i, id] of rows!.entries()) {
      const n = Math.floor(i / sizes.top);
      if (accepted[n] === 0) continue;
      const entry = sums.get(id) ?? { count: 0, sum: Array<number>(sizes.width).fill(0) };
      entry.count += 1;
      entry.sum = entry.sum.map((x, c) => x + scale![i]! * h![n * sizes.width + c]!);
      sums.set(id, entry);
    }
    for (const [id, { count, sum }] of sums) {
      const g = sum.map((x) => x / count);
      const mix = (row: number[], values: number[], beta: number) =>
        row.map((x, c) => beta * x + (1 - beta) * values[c]!);
      this.first.set(id, mix(this.#row(this.first, id), g, beta1));
      const squares = g.map((x) => x * x);
      this.second.set(id, mix(this.#row(this.second, id), squares, beta2));
    }
    this.step += 1;
  }
}

const expectClose = (found: Tensor, expected: readonly number[], digits = 9) => {
  for (const [i, value] of found.toArray().entries())
    expect(value).toBeCloseTo(expected[i]!, digits);
};

const somePart = (seed: number, tokens = sizes.tokens) =>
  randomGradients(new Generator(seed), { ...sizes, tokens });

test('before the first step there is no state: the step is the gradient', () => {
  const { gradients } = somePart(1);
  const adam = new SparseAdam(sizes);
  expectClose(adam.logitStep(gradients), sgdStepModel().logitStep(gradients).toArray(), 12);
});

test('rows that were seen, not seen and rejected move as Adam’s formulas say', () => {
  const [adam, plain] = [new SparseAdam(sizes), new PlainAdam()];
  for (let step = 0; step < 5; step++) {
    const { gradients } = somePart(10 + step, 3);
    const accepted = [1, 0, 1];
    adam.collect(gradients, tensor(accepted, { dtype: 'float64' }));
    adam.advance();
    plain.advance(gradients, accepted);
    const next = somePart(100 + step).gradients;
    expectClose(adam.logitStep(next), plain.logitStep(next));
  }
  expect(adam.rows).toBe(plain.first.size);
});

test('float32, by the fused operator, is float64, composed, to rounding', () => {
  const [narrow, wide] = [new SparseAdam(sizes), new SparseAdam(sizes)];
  const inFloat = ({ ids, coefficients, states }: HeadGradients): HeadGradients => ({
    ids,
    coefficients: coefficients.to({ dtype: 'float32' }),
    states: states.to({ dtype: 'float32' }),
  });
  for (let step = 0; step < 3; step++) {
    const { gradients } = somePart(20 + step);
    narrow.collect(inFloat(gradients), ones([sizes.tokens]));
    wide.collect(gradients, ones([sizes.tokens], { dtype: 'float64' }));
    narrow.advance();
    wide.advance();
  }
  const { gradients } = somePart(30);
  const [found, expected] = [narrow.logitStep(inFloat(gradients)), wide.logitStep(gradients)];
  const scale = expected.abs().max().item();
  expect(found.to({ dtype: 'float64' }).sub(expected).abs().max().item() / scale).toBeLessThan(
    1e-4,
  );
});

test('a step taken in by micro-batches is the step taken in at once', () => {
  const [whole, split] = [new SparseAdam(sizes), new SparseAdam(sizes)];
  const { gradients } = somePart(40);
  const accepted = tensor([1, 1, 0, 1, 0, 1, 1], { dtype: 'float64' });
  whole.collect(gradients, accepted);
  for (const [start, length] of [
    [0, 3],
    [3, 4],
  ] as const) {
    const rows = (x: Tensor) => x.narrow(0, start, length);
    const { ids, coefficients, states } = gradients;
    const part = { ids: rows(ids), coefficients: rows(coefficients), states: rows(states) };
    split.collect(part, rows(accepted));
  }
  whole.advance();
  split.advance();
  const next = somePart(41).gradients;
  expectClose(split.logitStep(next), whole.logitStep(next).toArray(), 12);
});

test('a saved state goes on as the one that was not saved, bit for bit', () => {
  const adam = new SparseAdam(sizes);
  const { gradients } = somePart(50);
  adam.collect(gradients, ones([sizes.tokens], { dtype: 'float64' }));
  adam.advance();
  const resumed = new SparseAdam(sizes);
  resumed.load(adam.state());
  for (const each of [adam, resumed]) {
    each.collect(somePart(51).gradients, ones([sizes.tokens], { dtype: 'float64' }));
    each.advance();
  }
  const next = somePart(52).gradients;
  expect(resumed.logitStep(next).toArray()).toEqual(adam.logitStep(next).toArray());
  expect(resumed.rows).toBe(adam.rows);
});

test('an advantage of 0 moves the policy under Adam, which remembers, and not under SGD', () => {
  const adam = new SparseAdam(sizes);
  adam.collect(somePart(60).gradients, ones([sizes.tokens], { dtype: 'float64' }));
  adam.advance();
  const { gradients, residuals, distributions, advantages } = somePart(61);
  const still = { ...gradients, coefficients: gradients.coefficients.mul(0) };
  const policyShift = (logitStep: Tensor) =>
    predictShifts(
      {
        probabilities: distributions,
        residual: residuals,
        advantages: advantages.mul(0),
        logitStep,
      },
      1e-2,
    );
  const [byAdam, bySgd] = [adam, sgdStepModel()].map((model) =>
    policyShift(model.logitStep(still)),
  );
  expect(bySgd!.policy.abs().max().item()).toBe(0);
  expect(byAdam!.policy.min().item()).toBeGreaterThan(0);
  for (const { objective } of [byAdam!, bySgd!]) expect(objective.abs().max().item()).toBe(0);
});
