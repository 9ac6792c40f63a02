import { cloneAdapters } from './lora/add-adapters.ts';
import { type BuildOptions, buildWeights, type Model, parameters } from './weights.ts';

/** A copy with memory of its own: a frozen reference, for instance. Weights frozen below adapters are shared. */
export function cloneModel(model: Model, options: BuildOptions): Model {
  const { config, weights, adapters } = model;
  if (adapters !== undefined) {
    return { config, weights, adapters: cloneAdapters(adapters, options) };
  }
  const values = parameters(model);
  return {
    config,
    weights: buildWeights(config, ({ name }) => values.get(name)!.detach(), options),
  };
}
