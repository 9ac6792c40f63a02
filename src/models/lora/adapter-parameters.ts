import type { Tensor } from '../../tensor/index.ts';
import { parameterTable } from '../parameter-table.ts';
import { type Model, parameters } from '../weights.ts';
import type { LoraAdapter } from './adapters.ts';
import { projectionModules } from './target-modules.ts';

/** An adapter with the module it belongs to. */
export interface AdaptedModule {
  /** PyTorch's name of the projection. */
  readonly module: string;
  readonly adapter: LoraAdapter;
}

/** Every adapter of a model, in the order of the forward pass. */
export function adaptedModules({ config, adapters }: Model): AdaptedModule[] {
  if (adapters === undefined) return [];
  return projectionModules(parameterTable(config)).flatMap(({ name, layer, projection }) => {
    const adapter = adapters.layers[layer]?.[projection];
    return adapter === undefined ? [] : [{ module: name, adapter }];
  });
}

/** PEFT's names of a module's two matrices. */
export const adapterNames = (module: string): { loraA: string; loraB: string } => ({
  loraA: `base_model.model.${module}.lora_A.weight`,
  loraB: `base_model.model.${module}.lora_B.weight`,
});

/**
 * What training changes: the adapters' matrices by PEFT's names where the model has adapters, else every parameter.
 */
export function trainableParameters(model: Model): Map<string, Tensor> {
  if (model.adapters === undefined) return parameters(model);
  const named = new Map<string, Tensor>();
  for (const { module, adapter } of adaptedModules(model)) {
    const names = adapterNames(module);
    named.set(names.loraA, adapter.loraA);
    named.set(names.loraB, adapter.loraB);
  }
  return named;
}
