import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../../../test/matchers.ts';
import { dropoutAt } from '../../models/index.ts';
import { noGrad, tensor } from '../../tensor/index.ts';
import { packHistories } from './pack-histories.ts';
import { sasrecGradients } from './sasrec-gradients.ts';
import { buildSasrec, createSasrec, type SasrecModel } from './sasrec-model.ts';
import type { SasrecConfig } from './sasrec-options.ts';
import type { SasrecRow } from './sasrec-rows.ts';
import { sasrecScore, sasrecScores } from './sasrec-scores.ts';
import { sasrecStates } from './sasrec-states.ts';

type Matrix = number[] | number[][];

interface Golden {
  config: SasrecConfig;
  rows: SasrecRow[];
  weights: Record<string, Matrix>;
  states: number[][];
  scores: number[][];
  loss: number;
  gradients: Record<string, Matrix>;
}

const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/sasrec/sasrec.json', import.meta.url), 'utf8'),
) as Golden;

const goldenModel = (): SasrecModel =>
  buildSasrec(golden.config, (name) => tensor(golden.weights[name]!, { dtype: 'float64' }));

const histories = golden.rows.map(({ items }) => items);

const statesOf = (model: SasrecModel, rows: readonly (readonly number[])[]) =>
  noGrad(() => sasrecStates(model, packHistories(rows, model.config.maxLength)));

describe('a SASRec model against PyTorch’s modules with left padding', () => {
  it('makes the same states', () => {
    expect(statesOf(goldenModel(), histories)).toBeAllClose(golden.states, { rtol: 1e-10 });
  });

  it('scores all items the same after each history', () => {
    expect(sasrecScores(goldenModel(), histories)).toBeAllClose(golden.scores, { rtol: 1e-10 });
  });

  it('has the same loss and gradients', () => {
    const model = goldenModel();
    expect(sasrecGradients(model, golden.rows)).toBeCloseTo(golden.loss, 10);
    for (const [name, weight] of model.weights) {
      expect(weight.grad!, name).toBeAllClose(golden.gradients[name]!, { rtol: 1e-8, atol: 1e-12 });
    }
  });
});

const small = (seed: number): SasrecModel =>
  createSasrec({ ...golden.config, maxLength: 6 }, { seed, dtype: 'float64' });

const history = fc.array(fc.nat({ max: golden.config.numItems - 1 }), {
  minLength: 1,
  maxLength: 6,
});

describe('a SASRec model', () => {
  it('lets no later item change what it made of the earlier ones', () => {
    fc.assert(
      fc.property(history, fc.nat({ max: 5 }), fc.nat({ max: 8 }), (items, at, other) => {
        const place = at % items.length;
        const changed = items.map((item, t) => (t >= place ? (item + other) % 9 : item));
        const model = small(3);
        const [before, after] = [statesOf(model, [items]), statesOf(model, [changed])];
        const kept = (states: typeof before) => states.narrow(0, 0, place);
        expect(kept(before)).toBeAllClose(kept(after), { rtol: 1e-12 });
      }),
      { numRuns: 30 },
    );
  });

  it('scores a history the same alone and beside longer and shorter ones', () => {
    fc.assert(
      fc.property(history, history, (one, other) => {
        const model = small(4);
        const together = sasrecScores(model, [other, one, [0, 1, 2, 3, 4, 5]]).select(0, 1);
        expect(together).toBeAllClose(sasrecScores(model, [one]).select(0, 0), { rtol: 1e-9 });
      }),
      { numRuns: 30 },
    );
  });

  it('reads no more than the last items of a long history', () => {
    const model = small(5);
    const long = [8, 7, 6, 5, 4, 3, 2, 1, 0];
    expect(sasrecScore(model, long, [0, 4])).toEqual(sasrecScore(model, long.slice(-6), [0, 4]));
  });

  it('drops nothing in evaluation, and something in training', () => {
    const model = small(6);
    const packed = packHistories(histories, 6);
    const evaluated = () => noGrad(() => sasrecStates(model, packed)).toArray();
    const trained = (seed: number) =>
      noGrad(() =>
        sasrecStates(model, packed, dropoutAt(0, { share: 0.5, passSeed: seed })),
      ).toArray();
    expect(evaluated()).toEqual(evaluated());
    expect(trained(1)).toEqual(trained(1));
    expect(trained(1)).not.toEqual(trained(2));
    expect(trained(1)).not.toEqual(evaluated());
  });

  it('starts alike from one seed and otherwise from another', () => {
    const itemsOf = (seed: number) => small(seed).weights.get('items')!.toArray();
    expect(itemsOf(1)).toEqual(itemsOf(1));
    expect(itemsOf(1)).not.toEqual(itemsOf(2));
  });

  it('refuses an empty history and an item outside the catalogue, saying which', () => {
    const model = small(7);
    expect(() => sasrecScores(model, [[1], []])).toThrow(/history 1 has no item/);
    expect(() => sasrecScores(model, [[9]])).toThrow(/item 9.*catalogue of 9/);
    expect(() => sasrecScore(model, [1], [-1])).toThrow(/item -1/);
  });
});
