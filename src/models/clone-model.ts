import { type BuildOptions, buildWeights, type Model, parameters } from './weights.ts';

/** A copy with memory of its own: a frozen reference, for instance. */
export function cloneModel(model: Model, options: BuildOptions): Model {
  const values = parameters(model);
  return {
    config: model.config,
    weights: buildWeights(model.config, ({ name }) => values.get(name)!.detach(), options),
  };
}
