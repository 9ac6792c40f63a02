import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../errors.ts';
import {
  callTensor,
  type DType,
  dtypeCode,
  full,
  Generator,
  liveTensors,
  noGrad,
  randint,
  randn,
  type Tensor,
  tidy,
} from '../../tensor/index.ts';
import { dropoutAt } from '../dropout.ts';
import {
  addAdapters,
  baseModel,
  cloneModel,
  hiddenStates,
  initModel,
  type LoraOptions,
  logits,
  type Model,
  mergeAdapters,
  mergedForReading,
  parameters,
  parseModelConfig,
  trainableParameters,
} from '../index.ts';

import { addDifferences } from './apply-adapters.ts';

const families = ['llama', 'qwen2', 'qwen3'] as const;

const configOf = (family: string) =>
  parseModelConfig({
    model_type: family,
    vocab_size: 23,
    hidden_size: 12,
    intermediate_size: 20,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 4,
    max_position_embeddings: 64,
    initializer_range: 0.4,
  });

const base = (family: string, dtype: DType): Model =>
  initModel(configOf(family), { seed: 1, dtype });

/** A model whose adapters have moved. */
function adapted(family: string, dtype: DType, options: LoraOptions = {}): Model {
  const model = addAdapters(base(family, dtype), {
    rank: 3,
    alpha: 6,
    targetModules: 'all-linear',
    ...options,
    seed: 5,
  });
  const generator = new Generator(9);
  noGrad(() =>
    tidy(() => {
      for (const matrix of trainableParameters(model).values()) {
        matrix.copy_(randn(matrix.shape, generator, { dtype }).mul(0.3));
      }
    }),
  );
  return model;
}

const tokens = randint(23, [2, 7], new Generator(3));
const forward = (model: Model): Tensor =>
  noGrad(() => logits(model, hiddenStates(model, { tokens })));
const difference = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

describe.each(families)('%s', (family) => {
  it('computes what it did while its adapters are fresh, and something else once they moved', () => {
    const before = forward(base(family, 'float32'));
    const fresh = addAdapters(base(family, 'float32'), { seed: 5 });
    expect(difference(before, forward(fresh))).toBe(0);
    const moved = adapted(family, 'float32');
    expect(difference(before, forward(moved))).toBeGreaterThan(0.1);
    expect(difference(before, forward(baseModel(moved)))).toBe(0);
  });

  it('has the gradient that finite differences find for every adapter, and none for its weights', () => {
    const model = adapted(family, 'float64');
    const weights = randn([2, 7, 23], new Generator(4), { dtype: 'float64' });
    const loss = () => logits(model, hiddenStates(model, { tokens })).mul(weights).mean();
    tidy(() => loss().backward());
    const generator = new Generator(6);
    for (const [name, matrix] of trainableParameters(model)) {
      const direction = randn(matrix.shape, generator, { dtype: 'float64' });
      const slope = matrix.grad!.mul(direction).sum().item();
      const step = 1e-5;
      const at = (move: number) =>
        noGrad(() => {
          matrix.add_(direction.mul(move));
          return loss().item();
        });
      const above = at(step);
      const estimate = (above - at(-2 * step)) / (2 * step);
      at(step);
      expect(Math.abs(estimate - slope), name).toBeLessThan(1e-7 + 1e-6 * Math.abs(slope));
    }
    for (const [name, weight] of parameters(model)) expect(weight.grad, name).toBeNull();
  });

  it('merged, computes the same: to 1e-5 in float32, to 1e-12 in float64', () => {
    for (const [dtype, tolerance] of [
      ['float32', 1e-5],
      ['float64', 1e-12],
    ] as const) {
      const model = adapted(family, dtype);
      const scores = forward(model);
      const merged = mergeAdapters(model, { trainable: true });
      expect(difference(scores, forward(merged))).toBeLessThan(tolerance);
      expect(merged.adapters).toBeUndefined();
      expect([...parameters(merged).values()].every(({ requiresGrad }) => requiresGrad)).toBe(true);
      using reading = mergedForReading(model);
      expect(difference(forward(merged), forward(reading.model))).toBe(0);
    }
  });
});

describe('fresh adapters', () => {
  const drawn = (seed: number) =>
    addAdapters(initModel({ ...configOf('qwen2'), hiddenSize: 64 }, { seed: 1 }), {
      rank: 32,
      seed,
    });

  it('draw A uniformly on ±1/√in and leave B at zero', () => {
    const { loraA, loraB } = drawn(7).adapters!.layers[0]!.query!;
    const bound = 1 / Math.sqrt(64);
    expect(loraA.shape).toEqual([32, 64]);
    expect(loraA.abs().max().item()).toBeLessThanOrEqual(bound);
    expect(loraA.abs().max().item()).toBeGreaterThan(0.99 * bound);
    // A uniform variable on ±b has variance b²/3; of 2,048 draws the estimate strays by about 2%.
    expect(loraA.square().mean().item() / (bound ** 2 / 3)).toBeCloseTo(1, 1);
    // Their mean has a standard deviation of b / √(3 · 2,048).
    expect(Math.abs(loraA.mean().item())).toBeLessThan((3 * bound) / Math.sqrt(3 * 2048));
    expect(loraB.abs().max().item()).toBe(0);
  });

  it('depend on the seed only', () => {
    const first = (seed: number) => drawn(seed).adapters!.layers[1]!.value!.loraA;
    expect(difference(first(5), first(5))).toBe(0);
    expect(difference(first(5), first(6))).toBeGreaterThan(0.01);
  });

  it('scale by α / r, or α / √r when rank-stabilised', () => {
    const scaling = (options: LoraOptions) =>
      addAdapters(base('llama', 'float32'), { ...options, seed: 1 }).adapters!.layers[0]!.query!
        .scaling;
    expect(scaling({ rank: 4, alpha: 6 })).toBe(1.5);
    expect(scaling({ rank: 4, alpha: 6, useRslora: true })).toBe(3);
  });

  it('are refused where there are some already, and with numbers out of range', () => {
    const model = adapted('llama', 'float32');
    expect(() => addAdapters(model, { seed: 1 })).toThrow(ConfigError);
    const plain = base('llama', 'float32');
    expect(() => addAdapters(plain, { rank: 0, seed: 1 })).toThrow(/lora_r: .*found 0/);
    expect(() => addAdapters(plain, { dropout: 1, seed: 1 })).toThrow(/lora_dropout/);
  });

  it('of a model in half precision are float32, and train', () => {
    const half = addAdapters(base('qwen2', 'bfloat16'), { seed: 1 });
    const [loraA, loraB] = [...trainableParameters(half).values()] as [Tensor, Tensor];
    expect(loraA.dtype).toBe('float32');
    const hidden = hiddenStates(half, { tokens });
    expect(hidden.dtype).toBe('bfloat16');
    hidden.sum().backward();
    expect(loraB.grad!.abs().max().item()).toBeGreaterThan(0);
  });
});

describe('dropout of adapters', () => {
  const model = adapted('qwen2', 'float32', { dropout: 0.25 });
  const states = (dropoutSeed?: number) =>
    noGrad(() => hiddenStates(model, { tokens, dropoutSeed }));

  it('happens only with a seed, and depends on it alone', () => {
    expect(difference(states(), states())).toBe(0);
    expect(difference(states(1), states(1))).toBe(0);
    expect(difference(states(1), states())).toBeGreaterThan(1e-3);
    expect(difference(states(1), states(2))).toBeGreaterThan(1e-3);
  });

  it('zeroes its share of what an adapter reads and scales up the rest', () => {
    // Adapters that copy their input, so that their output shows the mask.
    const width = 300;
    const eye = callTensor('aten::eye', width, dtypeCode('float32'));
    const adapter = { loraA: eye, loraB: eye, scaling: 1 };
    const [x, zero] = [full([1, 201, width], 3), full([1, 201, width], 0)];
    const found = (share: number) => {
      const dropout = dropoutAt(1, { share, passSeed: 4 });
      const added = addDifferences(zero, x, [{ adapter, width }], dropout);
      return added.toArray();
    };
    for (const share of [0.05, 0.25, 0.9]) {
      const values = found(share);
      const zeroed = values.filter((value) => value === 0).length / values.length;
      // Of 60,300 draws the share strays by at most √(1/4 / 60,300) = 0.002; five times that.
      expect(Math.abs(zeroed - share)).toBeLessThan(0.01);
      for (const value of values)
        if (value !== 0) expect(Math.abs(value - 3 / (1 - share))).toBeLessThan(0.01);
      // Neighbours are dropped independently: pairs of zeros, share² of all.
      const pairs = values.filter((value, i) => i > 0 && value === 0 && values[i - 1] === 0).length;
      expect(Math.abs(pairs / values.length - share ** 2)).toBeLessThan(0.02);
    }
  });
});

it('a clone shares the frozen weights and has adapters of its own', () => {
  const model = adapted('qwen3', 'float32');
  const clone = cloneModel(model, { trainable: false });
  const before = forward(clone);
  expect(clone.weights).toBe(model.weights);
  noGrad(() => {
    for (const matrix of trainableParameters(model).values()) matrix.fill_(0.1);
  });
  expect(difference(before, forward(clone))).toBe(0);
  expect(difference(before, forward(model))).toBeGreaterThan(0.01);
});

it('merging for reading leaves nothing behind', () => {
  const model = adapted('qwen2', 'float32');
  const before = liveTensors();
  {
    using reading = mergedForReading(model);
    expect(reading.model.weights.embedTokens).toBe(model.weights.embedTokens);
    expect(liveTensors()).toBeGreaterThan(before);
  }
  expect(liveTensors()).toBe(before);
});
