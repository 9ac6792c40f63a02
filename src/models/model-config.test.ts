import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors.ts';
import { formatModelConfig, parseModelConfig } from './index.ts';

const sizes = {
  vocab_size: 100,
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 4,
  num_attention_heads: 8,
};
const llama = { model_type: 'llama', ...sizes };
const qwen2 = { model_type: 'qwen2', ...sizes };
const qwen3 = { model_type: 'qwen3', ...sizes };

describe('defaults are those of transformers', () => {
  it('for Llama', () => {
    expect(parseModelConfig(llama)).toMatchObject({
      modelType: 'llama',
      numKeyValueHeads: 8,
      headDim: 8,
      maxPositionEmbeddings: 2048,
      rmsNormEps: 1e-6,
      initializerRange: 0.02,
      tieWordEmbeddings: false,
      queryKeyValueBias: false,
      outputBias: false,
      mlpBias: false,
      queryKeyNorm: false,
      rope: { ropeType: 'default', ropeTheta: 10_000 },
      dtype: 'float32',
      bosTokenId: 1,
      eosTokenIds: [2],
      padTokenId: null,
    });
  });

  it('for Qwen2: biased queries, keys and values', () => {
    expect(parseModelConfig(qwen2)).toMatchObject({
      maxPositionEmbeddings: 32768,
      queryKeyValueBias: true,
      outputBias: false,
      eosTokenIds: [],
    });
  });

  it('for Qwen3: normed heads of width 128', () => {
    expect(parseModelConfig(qwen3)).toMatchObject({
      headDim: 128,
      queryKeyNorm: true,
      outputBias: false,
    });
    expect(parseModelConfig({ ...qwen3, head_dim: null }).headDim).toBe(8);
    expect(parseModelConfig({ ...qwen3, attention_bias: true }).outputBias).toBe(true);
  });
});

describe('both generations of config.json', () => {
  it('say the same', () => {
    const old = parseModelConfig({
      ...llama,
      rope_theta: 5e5,
      rope_scaling: { type: 'linear', factor: 2 },
      torch_dtype: 'bfloat16',
    });
    const recent = parseModelConfig({
      ...llama,
      rope_parameters: { rope_type: 'linear', factor: 2, rope_theta: 5e5 },
      dtype: 'bfloat16',
    });
    expect(old).toEqual(recent);
    expect(old.rope).toEqual({ ropeType: 'linear', factor: 2, ropeTheta: 5e5 });
    expect(old.dtype).toBe('bfloat16');
  });

  it('may name parameters per layer type', () => {
    const rope_parameters = { full_attention: { rope_type: 'default', rope_theta: 77 } };
    expect(parseModelConfig({ ...qwen3, rope_parameters }).rope.ropeTheta).toBe(77);
  });

  it('may leave the original context to the maximum', () => {
    const rope_scaling = { rope_type: 'yarn', factor: 4 };
    const { rope } = parseModelConfig({ ...llama, rope_scaling, max_position_embeddings: 512 });
    expect(rope).toMatchObject({ originalMaxPositionEmbeddings: 512, factor: 4 });
  });

  it('derive longrope’s factor from the two contexts', () => {
    const factors = Array.from({ length: 4 }, () => 1);
    const { rope } = parseModelConfig({
      ...llama,
      max_position_embeddings: 512,
      original_max_position_embeddings: 128,
      rope_scaling: { rope_type: 'longrope', short_factor: factors, long_factor: factors },
    });
    expect(rope).toMatchObject({ factor: 4, originalMaxPositionEmbeddings: 128 });
  });
});

describe('what cannot be run is refused by name', () => {
  const cases: [what: string, config: Record<string, unknown>, message: RegExp][] = [
    [
      'another architecture',
      { ...llama, model_type: 'gpt2' },
      /model_type "gpt2" is not supported; Laurel runs llama, qwen2, qwen3/,
    ],
    ['no architecture', sizes, /model_type undefined/],
    ['a missing size', { ...llama, hidden_size: undefined }, /hidden_size/],
    ['a size that is no number', { ...llama, hidden_size: '64' }, /hidden_size/],
    ['another activation', { ...llama, hidden_act: 'gelu' }, /only silu is supported/],
    [
      'heads that do not divide',
      { ...llama, num_key_value_heads: 3 },
      /num_attention_heads 8 is not a multiple of num_key_value_heads 3/,
    ],
    ['a head width that is odd', { ...llama, head_dim: 7 }, /head width 7/],
    ['a head width that is a fraction', { ...llama, hidden_size: 60 }, /head width 7.5/],
    [
      'an unknown scaling',
      { ...llama, rope_scaling: { rope_type: 'spiral', factor: 2 } },
      /rope_scaling/,
    ],
    ['a scaling without factor', { ...llama, rope_scaling: { rope_type: 'linear' } }, /factor/],
    [
      'longrope factors of another width',
      {
        ...llama,
        rope_scaling: { rope_type: 'longrope', short_factor: [1], long_factor: [1], factor: 2 },
      },
      /short_factor has 1 factors, expected 4/,
    ],
    ['a partial rotation', { ...llama, partial_rotary_factor: 0.5 }, /partial_rotary_factor 0.5/],
    ['quantized weights', { ...llama, quantization_config: { bits: 4 } }, /quantized/],
    ['a dtype for weights that is none', { ...llama, dtype: 'int8' }, /dtype 'int8'/],
    [
      'a sliding window that is on',
      { ...qwen2, use_sliding_window: true, sliding_window: 128, max_window_layers: 1 },
      /3 of 4 layers use sliding-window attention/,
    ],
    [
      'layers listed as sliding',
      {
        ...qwen3,
        sliding_window: 128,
        layer_types: ['full_attention', 'sliding_attention', 'full_attention', 'full_attention'],
      },
      /1 of 4 layers/,
    ],
  ];

  it.each(cases)('%s', (_, config, message) => {
    expect(() => parseModelConfig(config, 'some/config.json')).toThrow(ConfigError);
    expect(() => parseModelConfig(config, 'some/config.json')).toThrow(message);
    expect(() => parseModelConfig(config, 'some/config.json')).toThrow(/^some\/config.json/);
  });

  it.each([
    { use_sliding_window: false, sliding_window: 128 },
    { use_sliding_window: true, sliding_window: 128, max_window_layers: 28 },
    { use_sliding_window: true, sliding_window: 32768, max_window_layers: 0 },
  ])('but not a sliding window that is off: %j', (window) => {
    expect(parseModelConfig({ ...qwen2, ...window }).modelType).toBe('qwen2');
  });
});

it.each([
  llama,
  { ...qwen2, tie_word_embeddings: true, eos_token_id: [5, 6] },
  { ...qwen3, attention_bias: true, pad_token_id: 3 },
  { ...llama, mlp_bias: true, rope_scaling: { rope_type: 'dynamic', factor: 2 } },
  {
    ...llama,
    rope_scaling: {
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 16,
    },
  },
  {
    ...llama,
    rope_scaling: { rope_type: 'yarn', factor: 8, attention_factor: 1.5, beta_fast: 16 },
  },
  {
    ...llama,
    original_max_position_embeddings: 64,
    rope_scaling: { rope_type: 'longrope', short_factor: [1, 1, 1, 1], long_factor: [2, 2, 2, 2] },
  },
])('what is written reads back: %j', (json) => {
  const config = parseModelConfig(json);
  expect(parseModelConfig(JSON.parse(JSON.stringify(formatModelConfig(config))))).toEqual(config);
});
