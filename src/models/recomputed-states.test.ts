import { describe, expect, it } from 'vitest';
import {
  type DType,
  Generator,
  liveTensors,
  randint,
  randn,
  tensorMemory,
  tidy,
  trimMemory,
} from '../tensor/index.ts';
import {
  addAdapters,
  type ForwardInputs,
  initModel,
  type LoraOptions,
  logits,
  type Model,
  parseModelConfig,
  trainableParameters,
  withHiddenStates,
} from './index.ts';

const configOf = (family: string) =>
  parseModelConfig({
    model_type: family,
    vocab_size: 23,
    hidden_size: 12,
    intermediate_size: 20,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 4,
    max_position_embeddings: 64,
    initializer_range: 0.4,
    tie_word_embeddings: family === 'qwen2',
  });

const modelOf = (family: string, dtype: DType): Model =>
  initModel(configOf(family), { seed: 1, dtype });

const tokens = randint(23, [3, 7], new Generator(3));

/** Loss and gradients of a weighted sum of all logits; the weights have the logits' sizes. */
function gradientsOf(
  model: Model,
  recompute: boolean,
  dropout: Pick<ForwardInputs, 'dropoutSeed' | 'hiddenDropout'> = {},
) {
  const { dtype } = model.weights.embedTokens;
  const weights = randn([3, 7, 23], new Generator(4), { dtype });
  const loss = tidy(() =>
    withHiddenStates(
      model,
      { tokens, ...dropout },
      (hidden) => {
        const value = logits(model, hidden).mul(weights).mean();
        value.backward();
        return value.item();
      },
      { recompute },
    ),
  );
  const gradients = new Map(
    [...trainableParameters(model)].map(([name, { grad }]) => [name, grad?.toArray()] as const),
  );
  for (const parameter of trainableParameters(model).values()) parameter.grad = null;
  return { loss, gradients };
}

describe.each(['llama', 'qwen2', 'qwen3'])('%s with its layers computed again', (family) => {
  it.each(['float64', 'float32'] as const)(
    'has the same loss and gradients, bit for bit: %s',
    (dtype) => {
      const model = modelOf(family, dtype);
      const remembered = gradientsOf(model, false);
      const recomputed = gradientsOf(model, true);
      expect(recomputed).toEqual(remembered);
      for (const [name, gradient] of recomputed.gradients) {
        expect(
          gradient!.some((value) => value !== 0),
          name,
        ).toBe(true);
      }
    },
  );

  it.each([0, 0.3])('has the same gradients of adapters, with a dropout of %d', (dropout) => {
    const options: LoraOptions = { rank: 2, dropout, targetModules: 'all-linear' };
    const model = addAdapters(modelOf(family, 'float64'), { ...options, seed: 2 });
    for (const matrix of trainableParameters(model).values()) matrix.detach().add_(0.05);
    const remembered = gradientsOf(model, false, { dropoutSeed: 8 });
    expect(gradientsOf(model, true, { dropoutSeed: 8 })).toEqual(remembered);
    const moved = gradientsOf(model, true, { dropoutSeed: 9 }).loss !== remembered.loss;
    expect(moved).toBe(dropout > 0);
  });

  it('has the same gradients where hidden states are dropped', () => {
    const model = modelOf(family, 'float64');
    const dropped = { dropoutSeed: 8, hiddenDropout: 0.3 };
    const remembered = gradientsOf(model, false, dropped);
    expect(gradientsOf(model, true, dropped)).toEqual(remembered);
    expect(gradientsOf(model, true, { ...dropped, dropoutSeed: 9 }).loss).not.toBe(remembered.loss);
    expect(gradientsOf(model, true, { hiddenDropout: 0.3 })).toEqual(gradientsOf(model, true));
  });
});

it('adds to gradients that are there already', () => {
  const model = modelOf('llama', 'float64');
  const sum = (recompute: boolean) => {
    const weights = randn([3, 7, 23], new Generator(4), { dtype: 'float64' });
    for (const scale of [1, 2]) {
      tidy(() =>
        withHiddenStates(
          model,
          { tokens },
          (hidden) => logits(model, hidden).mul(weights).mean().mul(scale).backward(),
          { recompute },
        ),
      );
    }
    const found = [...trainableParameters(model).values()].map(({ grad }) => grad!.toArray());
    for (const parameter of trainableParameters(model).values()) parameter.grad = null;
    return found;
  };
  const [remembered, recomputed] = [sum(false), sum(true)];
  for (const [i, gradient] of recomputed.entries())
    expect(gradient).toBeAllClose(remembered[i]!, { rtol: 1e-12, atol: 1e-14 });
});

it('leaves no tensor behind, and no gradient where none was asked for', () => {
  const model = modelOf('qwen2', 'float32');
  const run = () => tidy(() => withHiddenStates(model, { tokens }, () => 1, { recompute: true }));
  // The first pass makes the model's table of rotations.
  run();
  const before = liveTensors();
  expect(run()).toBe(1);
  expect(liveTensors()).toBe(before);
  for (const parameter of trainableParameters(model).values()) expect(parameter.grad).toBeNull();
});

it.skipIf(process.env['LAUREL_ALLOCATOR'] === 'malloc')(
  'needs the memory of one layer and the inputs of the others',
  () => {
    const [rows, length, layers] = [4, 128, 8];
    const model = initModel(
      parseModelConfig({
        model_type: 'qwen2',
        vocab_size: 64,
        hidden_size: 128,
        intermediate_size: 512,
        num_hidden_layers: layers,
        num_attention_heads: 4,
        max_position_embeddings: 512,
      }),
      { seed: 1 },
    );
    const ids = randint(64, [rows, length], new Generator(3));
    const peakOf = (recompute: boolean): number => {
      trimMemory();
      const before = tensorMemory().live;
      tidy(() =>
        withHiddenStates(
          model,
          { tokens: ids },
          (hidden) => logits(model, hidden).logSoftmax(-1).mean().backward(),
          { recompute },
        ),
      );
      return tensorMemory().mostLive - before;
    };
    // The first pass makes the gradients, which stay.
    peakOf(false);
    const [remembered, recomputed] = [peakOf(false), peakOf(true)];
    // Eight layers against one and the inputs of eight, which are a tenth of what a layer remembers.
    expect(recomputed).toBeLessThan(remembered / 3);
  },
);
