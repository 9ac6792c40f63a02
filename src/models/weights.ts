import { cat, keep, noGrad, type Tensor, tidy } from '../tensor/index.ts';
import type { Adapters } from './lora/adapters.ts';
import type { ModelConfig } from './model-config.ts';
import {
  type LayerEntries,
  type ParameterEntry,
  type ProjectionEntry,
  parameterTable,
  projectionNames,
} from './parameter-table.ts';

/** An affine map x Wᵀ + b. */
export interface Projection {
  /** [out, in] */
  readonly weight: Tensor;
  /** [out] */
  readonly bias: Tensor | null;
}

/** One decoder layer. */
export interface LayerWeights {
  /** [C] */
  readonly inputNorm: Tensor;
  /** [H·D, C] */
  readonly query: Projection;
  /** [K·D, C] */
  readonly key: Projection;
  /** [K·D, C] */
  readonly value: Projection;
  /** [D]; Qwen3 only. */
  readonly queryNorm: Tensor | null;
  /** [D]; Qwen3 only. */
  readonly keyNorm: Tensor | null;
  /** [C, H·D] */
  readonly output: Projection;
  /** [C] */
  readonly postAttentionNorm: Tensor;
  readonly gate: Projection;
  readonly up: Projection;
  readonly down: Projection;
  /** Query, key and value as one matrix: the same memory as those three, without gradient. */
  readonly queryKeyValue: Projection;
  /** Gate and up as one matrix: the same memory as those two, without gradient. */
  readonly gateUp: Projection;
}

/**
 * A model's parameters. Change them in place (`copy_`, an optimiser's step): replacing a tensor of the tree would part
 * it from the stacked matrices that decoding reads.
 */
export interface Weights {
  /** [V, C] */
  readonly embedTokens: Tensor;
  readonly layers: readonly LayerWeights[];
  /** [C] */
  readonly norm: Tensor;
  /** [V, C], or [1, C] of a score; null where the embedding is the output matrix too. */
  readonly head: Tensor | null;
}

/** An architecture with its parameters. */
export interface Model {
  readonly config: ModelConfig;
  readonly weights: Weights;
  /** What is trained in place of the weights, which are then frozen; without it, the model is its base. */
  readonly adapters?: Adapters | undefined;
}

export interface BuildOptions {
  /** Whether the parameters record gradients. */
  readonly trainable: boolean;
}

/** Gives the values of a parameter, in its final dtype and on its device. */
export type ParameterSource = (entry: ParameterEntry) => Tensor;

const leafOf = (values: Tensor, { trainable }: BuildOptions): Tensor =>
  keep(values.detach()).requireGrad(trainable);

/** One block of memory for several parameters, and a leaf for each that is a view of its share. */
function stacked(
  entries: readonly ParameterEntry[],
  source: ParameterSource,
  options: BuildOptions,
): [whole: Tensor, leaves: Tensor[]] {
  const whole = keep(cat(entries.map(source)));
  let start = 0;
  const leaves = entries.map(({ shape }) => {
    const leaf = leafOf(whole.narrow(0, start, shape[0]!), options);
    start += shape[0]!;
    return leaf;
  });
  return [whole, leaves];
}

function stackedProjections(
  entries: readonly ProjectionEntry[],
  source: ParameterSource,
  options: BuildOptions,
): [whole: Projection, parts: Projection[]] {
  const [weight, weights] = stacked(
    entries.map((entry) => entry.weight),
    source,
    options,
  );
  const biasEntries = entries.flatMap(({ bias }) => bias ?? []);
  const [bias, biases] =
    biasEntries.length === 0 ? [null, []] : stacked(biasEntries, source, options);
  const parts = weights.map((part, i) => ({ weight: part, bias: biases[i] ?? null }));
  return [{ weight, bias }, parts];
}

function buildLayer(
  entries: LayerEntries,
  source: ParameterSource,
  options: BuildOptions,
): LayerWeights {
  const own = (entry: ParameterEntry) => leafOf(source(entry).clone(), options);
  const ownProjection = ({ weight, bias }: ProjectionEntry): Projection => ({
    weight: own(weight),
    bias: bias && own(bias),
  });
  const [queryKeyValue, [query, key, value]] = stackedProjections(
    [entries.query, entries.key, entries.value],
    source,
    options,
  );
  const [gateUp, [gate, up]] = stackedProjections([entries.gate, entries.up], source, options);
  return {
    inputNorm: own(entries.inputNorm),
    query: query!,
    key: key!,
    value: value!,
    queryNorm: entries.queryNorm && own(entries.queryNorm),
    keyNorm: entries.keyNorm && own(entries.keyNorm),
    output: ownProjection(entries.output),
    postAttentionNorm: own(entries.postAttentionNorm),
    gate: gate!,
    up: up!,
    down: ownProjection(entries.down),
    queryKeyValue,
    gateUp,
  };
}

/** Builds the tree of an architecture; each value is copied into memory of its own, outside any scope. */
export function buildWeights(
  config: ModelConfig,
  source: ParameterSource,
  options: BuildOptions,
): Weights {
  const table = parameterTable(config);
  return noGrad(() => {
    const own = (entry: ParameterEntry) => tidy(() => leafOf(source(entry).clone(), options));
    return {
      embedTokens: own(table.embedTokens),
      layers: table.layers.map((entries) => tidy(() => buildLayer(entries, source, options))),
      norm: own(table.norm),
      head: table.head && own(table.head),
    };
  });
}

function collectProjection(
  into: Map<string, Tensor>,
  entry: ProjectionEntry,
  { weight, bias }: Projection,
): void {
  into.set(entry.weight.name, weight);
  if (entry.bias && bias) into.set(entry.bias.name, bias);
}

const norms = ['inputNorm', 'queryNorm', 'keyNorm', 'postAttentionNorm'] as const;

/** Every parameter of the base by Hugging Face's name; a tied output matrix is absent. */
export function parameters({ config, weights }: Model): Map<string, Tensor> {
  const table = parameterTable(config);
  const named = new Map([[table.embedTokens.name, weights.embedTokens]]);
  for (const [index, layer] of weights.layers.entries()) {
    const entries = table.layers[index]!;
    for (const part of norms) {
      const entry = entries[part];
      const weight = layer[part];
      if (entry && weight) named.set(entry.name, weight);
    }
    for (const part of projectionNames) collectProjection(named, entries[part], layer[part]);
  }
  named.set(table.norm.name, weights.norm);
  if (table.head && weights.head) named.set(table.head.name, weights.head);
  return named;
}
