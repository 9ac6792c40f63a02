import { cat, dispose, keep, noGrad, type Tensor, tidy } from '../../tensor/index.ts';
import type { ParameterEntry, ProjectionName } from '../parameter-table.ts';
import {
  buildWeights,
  type LayerWeights,
  type Model,
  type Projection,
  parameters,
} from '../weights.ts';
import { adaptedModules } from './adapter-parameters.ts';
import type { LayerAdapters, LoraAdapter } from './adapters.ts';

/** W + s · B A, computed in the adapter's dtype. [out, in] */
function mergedWeight(weight: Tensor, adapter: LoraAdapter | undefined): Tensor {
  if (adapter === undefined) return weight;
  const { loraA, loraB, scaling } = adapter;
  const difference = loraB.matmul(loraA).mul(scaling);
  return weight.to({ dtype: loraA.dtype }).add(difference).to({ dtype: weight.dtype });
}

/**
 * The model with its adapters' differences added to its weights, which are copies.
 *   W ← W + s · B A
 * Hu et al. 2021, arXiv:2106.09685v2, §4.1.
 */
export function mergeAdapters(model: Model, { trainable }: { trainable: boolean }): Model {
  const base = parameters(model);
  const adapters = new Map<string, LoraAdapter>();
  for (const { module, adapter } of adaptedModules(model)) adapters.set(module, adapter);
  const source = ({ name }: ParameterEntry) =>
    mergedWeight(base.get(name)!.detach(), adapters.get(name.replace(/\.weight$/, '')));
  return { config: model.config, weights: buildWeights(model.config, source, { trainable }) };
}

interface Stack {
  readonly whole: Projection;
  readonly parts: readonly Projection[];
  /** Memory made for it; empty where nothing was merged. */
  readonly made: readonly Tensor[];
}

/** Projections that share their memory, merged into fresh shared memory. */
function mergeStack(
  layer: LayerWeights,
  whole: Projection,
  names: readonly ProjectionName[],
  adapters: LayerAdapters,
): Stack {
  const parts = names.map((name) => layer[name]);
  if (names.every((name) => adapters[name] === undefined)) return { whole, parts, made: [] };
  const weight = tidy(() =>
    cat(names.map((name) => mergedWeight(layer[name].weight.detach(), adapters[name]))),
  );
  let start = 0;
  const views = parts.map(({ weight: { shape }, bias }) => {
    const view = keep(weight.narrow(0, start, shape[0]!));
    start += shape[0]!;
    return { weight: view, bias };
  });
  const made = [keep(weight), ...views.map((view) => view.weight)];
  return { whole: { weight, bias: whole.bias }, parts: views, made };
}

/** A model whose adapters are merged into copies of the projections they belong to, for as long as it is read. */
export interface MergedModel extends Disposable {
  readonly model: Model;
}

/**
 * The model as sampling reads it: one product per projection rather than three. Embeddings and whatever has no adapter
 * are shared. Log-probabilities differ from the unmerged model's by rounding only. Dispose it before the adapters move.
 */
export function mergedForReading(model: Model): MergedModel {
  const { adapters, weights, config } = model;
  if (adapters === undefined) return { model, [Symbol.dispose]: () => undefined };
  const made: Tensor[] = [];
  const merge = (layer: LayerWeights, index: number): LayerWeights => {
    const stack = (whole: Projection, names: readonly ProjectionName[]) => {
      const merged = mergeStack(layer, whole, names, adapters.layers[index]!);
      made.push(...merged.made);
      return merged;
    };
    const alone = (name: 'output' | 'down') => stack(layer[name], [name]).whole;
    const heads = stack(layer.queryKeyValue, ['query', 'key', 'value']);
    const gates = stack(layer.gateUp, ['gate', 'up']);
    const [query, key, value] = heads.parts as [Projection, Projection, Projection];
    const [gate, up] = gates.parts as [Projection, Projection];
    const stacks = { queryKeyValue: heads.whole, gateUp: gates.whole };
    const apart = { query, key, value, gate, up, output: alone('output'), down: alone('down') };
    return { ...layer, ...stacks, ...apart };
  };
  const layers = noGrad(() => weights.layers.map(merge));
  return {
    model: { config, weights: { ...weights, layers } },
    [Symbol.dispose]: () => dispose(...made),
  };
}
