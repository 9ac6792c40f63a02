import { describe, expect, it } from 'vitest';
import { ShapeError } from '../errors.ts';
import {
  type DType,
  Generator,
  hasOperator,
  liveTensors,
  noGrad,
  randint,
  randn,
  type Tensor,
  tensor,
  tidy,
  tokenTensor,
} from '../tensor/index.ts';
import { composedAttention, fusedAttention } from './attention.ts';
import { visibility } from './attention-mask.ts';
import {
  createCache,
  type ForwardInputs,
  hiddenStates,
  initModel,
  logits,
  type Model,
  parameters,
  parseModelConfig,
} from './index.ts';

const sizes = {
  vocab_size: 23,
  hidden_size: 12,
  intermediate_size: 20,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 4,
  max_position_embeddings: 64,
};

const families = {
  llama: { ...sizes, model_type: 'llama', attention_bias: true, mlp_bias: true },
  qwen2: { ...sizes, model_type: 'qwen2', tie_word_embeddings: true },
  qwen3: { ...sizes, model_type: 'qwen3', attention_bias: true },
};

type Family = keyof typeof families;
const names = Object.keys(families) as Family[];

/** A model whose every parameter is random, biases and norms too. */
function randomModel(family: Family, dtype: DType = 'float64'): Model {
  const model = initModel(parseModelConfig(families[family]), { seed: 1, dtype });
  const generator = new Generator(2);
  noGrad(() =>
    tidy(() => {
      for (const [name, parameter] of parameters(model)) {
        const drawn = randn(parameter.shape, generator, { dtype: 'float64' });
        parameter.copy_(name.includes('norm') ? drawn.mul(0.3).add(1) : drawn.mul(0.5));
      }
    }),
  );
  return model;
}

const draw = (shape: number[], seed = 3): Tensor => randint(23, shape, new Generator(seed));
const forward = (model: Model, inputs: ForwardInputs): Tensor =>
  noGrad(() => logits(model, hiddenStates(model, inputs)));
const difference = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

describe.each(names)('%s', (family) => {
  it('has the gradient that finite differences find, for every parameter', () => {
    const model = randomModel(family);
    const tokens = draw([2, 5]);
    const weights = randn([2, 5, 23], new Generator(4), { dtype: 'float64' });
    const loss = () => logits(model, hiddenStates(model, { tokens })).mul(weights).mean();
    tidy(() => loss().backward());
    const generator = new Generator(5);
    for (const [name, parameter] of parameters(model)) {
      const direction = randn(parameter.shape, generator, { dtype: 'float64' });
      const slope = parameter.grad!.mul(direction).sum().item();
      const step = 1e-5;
      const at = (move: number) =>
        noGrad(() => {
          parameter.add_(direction.mul(move));
          return loss().item();
        });
      const above = at(step);
      const below = at(-2 * step);
      at(step);
      const estimate = (above - below) / (2 * step);
      expect(Math.abs(estimate - slope), name).toBeLessThan(1e-7 + 1e-6 * Math.abs(slope));
    }
  });

  it('computes the same whether gradients are recorded or not', () => {
    const model = randomModel(family);
    const tokens = draw([3, 6]);
    const recorded = logits(model, hiddenStates(model, { tokens }));
    expect(recorded.requiresGrad).toBe(true);
    expect(difference(recorded.detach(), forward(model, { tokens }))).toBeLessThan(1e-12);
  });

  it('sees a parameter that changed in place, without gradient too', () => {
    const model = randomModel(family);
    const tokens = draw([1, 4]);
    for (const [name, parameter] of parameters(model)) {
      const before = forward(model, { tokens });
      // Unequal changes: a shift common to all keys would cancel in the softmax.
      noGrad(() => parameter.mul_(1.5));
      expect(difference(before, forward(model, { tokens })), name).toBeGreaterThan(1e-9);
    }
  });
});

describe.each(names)('%s decoding', (family) => {
  it('gives the same with a cache, in any division into pieces, as without', () => {
    const model = randomModel(family);
    const tokens = draw([3, 9]);
    const whole = forward(model, { tokens });
    for (const pieces of [[9], [4, 5], [1, 1, 1, 1, 1, 1, 1, 1, 1], [5, 1, 3]]) {
      using cache = createCache(model, { rows: 3, capacity: 9 });
      let start = 0;
      for (const count of pieces) {
        const piece = forward(model, { tokens: tokens.narrow(1, start, count), cache });
        expect(difference(piece, whole.narrow(1, start, count))).toBeLessThan(1e-12);
        start += count;
      }
      expect(cache.length).toBe(9);
    }
  });

  it('gives a prompt the same log-probabilities alone and padded beside longer ones, then decodes alike', () => {
    const model = randomModel(family, 'float32');
    const prompts = [draw([1, 8], 6), draw([1, 3], 7), draw([1, 6], 8)];
    const lengths = [8, 3, 6];
    const padded = noGrad(() => {
      const rows = prompts.map((prompt, r) => [
        ...Array<number>(8 - lengths[r]!).fill(0),
        ...prompt.toArray(),
      ]);
      return tokenTensor(rows.flat(), [3, 8]);
    });
    const present = (count: number) =>
      lengths.map((length) => Array.from({ length: count }, (_, t) => t >= 8 - length));
    using together = createCache(model, { rows: 3, capacity: 10 });
    const scores = forward(model, {
      tokens: padded,
      attentionMask: tensor(present(8), { dtype: 'bool' }),
      cache: together,
    }).logSoftmax(-1);
    const next = draw([3, 1], 9);
    const nextScores = forward(model, {
      tokens: next,
      positions: tokenTensor(lengths, [3, 1]),
      attentionMask: tensor(present(9), { dtype: 'bool' }),
      cache: together,
    }).logSoftmax(-1);
    for (const [r, prompt] of prompts.entries()) {
      using alone = createCache(model, { rows: 1, capacity: 10 });
      const expected = forward(model, { tokens: prompt, cache: alone }).logSoftmax(-1);
      const found = scores.narrow(0, r, 1).slice(1, 8 - lengths[r]!);
      expect(difference(found, expected)).toBeLessThan(1e-5);
      const expectedNext = forward(model, { tokens: next.narrow(0, r, 1), cache: alone });
      expect(difference(nextScores.narrow(0, r, 1), expectedNext.logSoftmax(-1))).toBeLessThan(
        1e-5,
      );
    }
    expect(scores.isFinite().all().item()).toBe(1);
  });
});

describe('the cache', () => {
  const model = randomModel('llama');

  it('repeats each row for its group, so that a prompt is read once', () => {
    const prompts = draw([2, 4]);
    const next = draw([6, 1], 10);
    using cache = createCache(model, { rows: 2, capacity: 6 });
    forward(model, { tokens: prompts, cache });
    cache.expandRows(3);
    expect(cache.rows).toBe(6);
    const found = forward(model, { tokens: next, cache });
    const repeated = prompts.repeatInterleave(3, 0);
    using plain = createCache(model, { rows: 6, capacity: 6 });
    forward(model, { tokens: repeated, cache: plain });
    expect(difference(found, forward(model, { tokens: next, cache: plain }))).toBeLessThan(1e-12);
  });

  it.each([
    ['fewer rows', [0, 2]],
    ['another order', [3, 1, 0]],
    ['more rows than were allocated', [0, 0, 1, 2, 3, 3]],
  ])('keeps %s', (_, rows) => {
    const tokens = draw([4, 5]);
    const next = draw([rows.length, 1], 11);
    const index = tokenTensor(rows, [rows.length]);
    using cache = createCache(model, { rows: 4, capacity: 8 });
    forward(model, { tokens, cache });
    cache.selectRows(index);
    expect(cache.rows).toBe(rows.length);
    const found = forward(model, { tokens: next, cache });
    using plain = createCache(model, { rows: rows.length, capacity: 8 });
    forward(model, { tokens: tokens.indexSelect(0, index), cache: plain });
    expect(difference(found, forward(model, { tokens: next, cache: plain }))).toBeLessThan(1e-12);
  });

  it('selects, then expands, then selects again', () => {
    using cache = createCache(model, { rows: 3, capacity: 6 });
    const tokens = draw([3, 4]);
    forward(model, { tokens, cache });
    cache.selectRows(tokenTensor([0, 2], [2]));
    cache.expandRows(2);
    cache.selectRows(tokenTensor([1, 2], [2]));
    const next = draw([2, 1], 12);
    const found = forward(model, { tokens: next, cache });
    using plain = createCache(model, { rows: 2, capacity: 6 });
    forward(model, { tokens: tokens.indexSelect(0, tokenTensor([0, 2], [2])), cache: plain });
    expect(difference(found, forward(model, { tokens: next, cache: plain }))).toBeLessThan(1e-12);
  });

  it('neither grows nor leaks: decoding leaves as many tensors as it found', () => {
    const decode = () =>
      noGrad(() => {
        using cache = createCache(model, { rows: 2, capacity: 8 });
        for (let t = 0; t < 8; t++) {
          tidy(() => {
            forward(model, { tokens: draw([2, 1]), cache });
          });
        }
      });
    decode();
    const before = liveTensors();
    for (let i = 0; i < 5; i++) decode();
    expect(liveTensors()).toBe(before);
  });

  it('refuses more tokens than it holds and another number of rows', () => {
    using cache = createCache(model, { rows: 2, capacity: 4 });
    const feed = (shape: number[]) => () => forward(model, { tokens: draw(shape), cache });
    expect(feed([2, 5])).toThrow(/0 cached and 5 new tokens exceed the cache's capacity of 4/);
    expect(feed([3, 1])).toThrow(/tokens have 3 rows, the cache has 2/);
    expect(cache.length).toBe(0);
  });
});

describe('inputs', () => {
  const model = randomModel('qwen3');

  it('of unequal shapes are refused', () => {
    const tokens = draw([2, 3]);
    expect(() => forward(model, { tokens: draw([3]) })).toThrow(ShapeError);
    expect(() => forward(model, { tokens, positions: draw([2, 4]) })).toThrow(/positions \[2, 4\]/);
    const attentionMask = tensor([[true, true]]);
    expect(() => forward(model, { tokens, attentionMask })).toThrow(
      /attentionMask \[1, 2\] does not match \[2, 3\]/,
    );
  });

  it('with positions past what was seen before are fine, in any order of lengths', () => {
    const short = forward(model, { tokens: draw([1, 3]) });
    forward(model, { tokens: draw([1, 200]) });
    expect(difference(short, forward(model, { tokens: draw([1, 3]) }))).toBe(0);
  });
});

it('grouped attention equals attention with its keys and values repeated', () => {
  const generator = new Generator(1);
  const of = (shape: number[]) => randn(shape, generator, { dtype: 'float64' });
  const config = parseModelConfig({
    ...families.llama,
    num_attention_heads: 4,
    num_key_value_heads: 2,
  });
  const full = parseModelConfig({
    ...families.llama,
    num_attention_heads: 4,
    num_key_value_heads: 4,
  });
  const present = tensor([
    [false, true, true, true, true],
    [true, true, true, true, true],
  ]);
  for (const attentionMask of [undefined, present]) {
    for (const queries of [1, 3, 5]) {
      const query = of([2, queries, 4, 4]);
      const key = of([2, 2, 5, 4]);
      const value = of([2, 2, 5, 4]);
      const options = { queries, keys: 5, attentionMask, dtype: 'float64', device: 'cpu' } as const;
      const grouped = composedAttention({ query, key, value }, visibility(options), config);
      const repeated = composedAttention(
        { query, key: key.repeatInterleave(2, 1), value: value.repeatInterleave(2, 1) },
        visibility(options),
        full,
      );
      expect(difference(grouped, repeated)).toBeLessThan(1e-12);
    }
  }
});

it.skipIf(!hasOperator('aten::scaled_dot_product_attention'))(
  'the fused attention of libtorch 2.x equals the composed one',
  () => {
    const generator = new Generator(1);
    const of = (shape: number[]) => randn(shape, generator, { dtype: 'float64' });
    const present = tensor([
      [false, false, true, true, true],
      [true, true, true, true, true],
    ]);
    for (const keyHeads of [1, 2, 4]) {
      const config = parseModelConfig({ ...families.llama, num_key_value_heads: keyHeads });
      for (const attentionMask of [undefined, present]) {
        for (const queries of [1, 3, 5]) {
          const heads = { key: of([2, keyHeads, 5, 4]), value: of([2, keyHeads, 5, 4]) };
          const inputs = { query: of([2, queries, 4, 4]), ...heads };
          const seen = visibility({
            queries,
            keys: 5,
            attentionMask,
            dtype: 'float64',
            device: 'cpu',
          });
          const fused = fusedAttention(inputs, seen, config);
          expect(difference(fused, composedAttention(inputs, seen, config))).toBeLessThan(1e-12);
        }
      }
    }
  },
);

describe('a fresh model', () => {
  const config = parseModelConfig({
    ...families.llama,
    hidden_size: 64,
    vocab_size: 500,
    initializer_range: 0.03,
  });

  it('has normal matrices of the given deviation, norms of 1 and biases of 0', () => {
    for (const [name, parameter] of parameters(initModel(config, { seed: 1 }))) {
      if (name.includes('norm')) expect(parameter.eq(1).all().item(), name).toBe(1);
      else if (name.endsWith('bias')) expect(parameter.eq(0).all().item(), name).toBe(1);
      else {
        // The deviation of n draws is known to 1 / √(2 n): five times that is never seen.
        const slack = 5 / Math.sqrt(2 * parameter.size);
        expect(Math.abs(parameter.std().item() / 0.03 - 1), name).toBeLessThan(slack);
      }
    }
  });

  it('is the same for the same seed and another for another', () => {
    const embedding = (seed: number) => initModel(config, { seed }).weights.embedTokens;
    expect(difference(embedding(1), embedding(1))).toBe(0);
    expect(difference(embedding(1), embedding(2))).toBeGreaterThan(0.01);
  });

  it('records gradients unless told not to, and survives the scope it was made in', () => {
    const model = tidy(() => initModel(config, { seed: 1 }));
    const frozen = initModel(config, { seed: 1, trainable: false });
    const all = [...parameters(model).values()];
    expect(all.every(({ requiresGrad, isLeaf }) => requiresGrad && isLeaf)).toBe(true);
    expect([...parameters(frozen).values()].some(({ requiresGrad }) => requiresGrad)).toBe(false);
  });

  it('runs in bfloat16 close to float32', () => {
    const wide = initModel(config, { seed: 1 });
    const half = initModel(config, { seed: 1, dtype: 'bfloat16' });
    const tokens = draw([2, 6]);
    const expected = forward(wide, { tokens });
    const found = forward(half, { tokens }).to({ dtype: 'float32' });
    expect(difference(found, expected)).toBeLessThan(0.05 * expected.abs().max().item());
  });
});
