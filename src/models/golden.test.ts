import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  noGrad,
  readSafetensors,
  type Tensor,
  tensor,
  tidy,
  tokenTensor,
} from '../tensor/index.ts';
import {
  createCache,
  hiddenStates,
  logits,
  type Model,
  type ModelConfig,
  parameterEntries,
  parameters,
  parameterTable,
  parseModelConfig,
} from './index.ts';
import { buildWeights } from './weights.ts';

interface GoldenCase {
  family: 'llama' | 'qwen2' | 'qwen3';
  config: Record<string, unknown>;
  greedy: number[];
}

interface Golden {
  transformers: string;
  tokens: number[][];
  prompt: number[];
  attention_mask: number[][];
  far: number[][];
  cases: Record<string, GoldenCase>;
}

const folder = new URL('../../test/golden/models/', import.meta.url);
const pathOf = (name: string) => fileURLToPath(new URL(name, folder));
const readGolden = (major: number): Golden =>
  JSON.parse(readFileSync(pathOf(`transformers-${major}.json`), 'utf8')) as Golden;

const tolerance = 1e-4;

function modelOf(family: string, config: ModelConfig): Model {
  const file = readSafetensors(pathOf(`weights-${family}.safetensors`));
  const source = ({ name }: { name: string }) => file.tensor(name);
  return { config, weights: buildWeights(config, source, { trainable: false }) };
}

const ids = (rows: number[][]): Tensor => tokenTensor(rows.flat(), [rows.length, rows[0]!.length]);

const logitsOf = (model: Model, inputs: Parameters<typeof hiddenStates>[1]): Tensor =>
  noGrad(() => logits(model, hiddenStates(model, inputs)));

const difference = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

function greedy(model: Model, prompt: number[], count: number): number[] {
  using cache = createCache(model, { rows: 1, capacity: prompt.length + count });
  const found: number[] = [];
  let fed = prompt;
  while (found.length < count) {
    const scores = tidy(() => logitsOf(model, { tokens: ids([fed]), cache }));
    fed = [
      scores
        .select(1, fed.length - 1)
        .argmax(-1)
        .item(),
    ];
    found.push(fed[0]!);
  }
  return found;
}

describe.each([4, 5])('golden values of transformers %i.x', (major) => {
  const golden = readGolden(major);
  const expected = readSafetensors(pathOf(`transformers-${major}.safetensors`));
  const names = Object.keys(golden.cases);
  const load = (name: string): Model => {
    const { family, config } = golden.cases[name]!;
    return modelOf(family, parseModelConfig(config));
  };

  it('come from ten configurations, none of which is square or ungrouped', () => {
    expect(golden.transformers.startsWith(`${major}.`)).toBe(true);
    expect(names).toHaveLength(10);
    for (const name of names) {
      const { headDim, hiddenSize, numAttentionHeads, numKeyValueHeads } = load(name).config;
      expect(headDim).not.toBe(hiddenSize / numAttentionHeads);
      expect(numAttentionHeads / numKeyValueHeads).toBe(2);
    }
  });

  it.each(names)('%s: logits agree within 1e-4', (name) => {
    const target = expected.tensor(name);
    expect(target.std().item()).toBeGreaterThanOrEqual(1);
    const found = logitsOf(load(name), { tokens: ids(golden.tokens) });
    expect(difference(found, target)).toBeLessThan(tolerance);
  });

  it.each(names)('%s: the greedy continuation is the same', (name) => {
    const continuation = golden.cases[name]!.greedy;
    expect(greedy(load(name), golden.prompt, continuation.length)).toEqual(continuation);
  });

  it.each(['llama', 'qwen2', 'qwen3'])(
    '%s: a left-padded row agrees, with positions counted from the mask',
    (name) => {
      const attentionMask = tensor(golden.attention_mask, { dtype: 'bool' });
      const found = logitsOf(load(name), { tokens: ids(golden.tokens), attentionMask });
      const target = expected.tensor(`${name}/padded`);
      const padding = golden.attention_mask[1]!.indexOf(1);
      const real = (x: Tensor) => x.select(0, 1).slice(0, padding);
      expect(difference(real(found), real(target))).toBeLessThan(tolerance);
      expect(difference(found.select(0, 0), target.select(0, 0))).toBeLessThan(tolerance);
    },
  );

  it.each(['llama', 'qwen2', 'qwen3'])('%s: positions from 5000 on agree', (name) => {
    const positions = ids(golden.far);
    const found = logitsOf(load(name), { tokens: ids(golden.tokens), positions });
    expect(difference(found, expected.tensor(`${name}/far`))).toBeLessThan(tolerance);
  });
});

describe('removing one feature moves the logits by far more than the tolerance', () => {
  const golden = readGolden(5);
  const configOf = (name: string) => parseModelConfig(golden.cases[name]!.config);
  const tokens = ids(golden.tokens);
  const expected = readSafetensors(pathOf('transformers-5.safetensors'));
  const families = ['llama', 'qwen2', 'qwen3'];
  const neutral = { bias: 0, norm: 1 };
  const removable = families.flatMap((family) =>
    parameterEntries(parameterTable(configOf(family))).flatMap(({ name, kind }) =>
      kind === 'matrix' ? [] : [{ family, name, kind }],
    ),
  );

  it.each(removable)('$family: $name', ({ family, name, kind }) => {
    const model = modelOf(family, configOf(family));
    const parameter = parameters(model).get(name)!;
    noGrad(() => parameter.fill_(neutral[kind]));
    const changed = logitsOf(model, { tokens });
    expect(difference(changed, expected.tensor(family))).toBeGreaterThan(10 * tolerance);
  });

  const scaled = Object.keys(golden.cases).filter((name) => name.includes('-'));

  it.each(scaled)('%s: its scaling', (name) => {
    const config = configOf(name);
    const plain = { ropeType: 'default', ropeTheta: config.rope.ropeTheta } as const;
    const changed = logitsOf(modelOf('llama', { ...config, rope: plain }), { tokens });
    expect(difference(changed, expected.tensor(name))).toBeGreaterThan(10 * tolerance);
  });

  const options = scaled.flatMap((name) =>
    Object.entries(configOf(name).rope)
      .filter(([, value]) => typeof value === 'number')
      .map(([key]) => ({ name, key })),
  );

  it.each(options)('$name: $key', ({ name, key }) => {
    const config = configOf(name);
    const value = (config.rope as unknown as Record<string, number>)[key]!;
    const rope = { ...config.rope, [key]: value * 1.5 };
    const changed = logitsOf(modelOf('llama', { ...config, rope }), { tokens });
    expect(difference(changed, expected.tensor(name))).toBeGreaterThan(10 * tolerance);
  });

  it.each(families)('%s: the rope base', (family) => {
    const config = configOf(family);
    const rope = { ropeType: 'default', ropeTheta: 10_000 } as const;
    const changed = logitsOf(modelOf(family, { ...config, rope }), { tokens });
    expect(difference(changed, expected.tensor(family))).toBeGreaterThan(10 * tolerance);
  });

  it('qwen3: the query and key norms', () => {
    const { config, weights } = modelOf('qwen3', configOf('qwen3'));
    const layers = weights.layers.map((layer) => ({ ...layer, queryNorm: null, keyNorm: null }));
    const changed = logitsOf({ config, weights: { ...weights, layers } }, { tokens });
    expect(difference(changed, expected.tensor('qwen3'))).toBeGreaterThan(10 * tolerance);
  });
});
