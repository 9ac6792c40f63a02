import { ConfigError } from '../../errors.ts';
import { type DType, Generator, keep, rand, type Tensor, tidy, zeros } from '../../tensor/index.ts';
import { type Model, parameters } from '../weights.ts';
import { type Adapters, type LayerAdapters, type LoraConfig, scalingOf } from './adapters.ts';
import { expandTargets, type ProjectionModule, targetedModules } from './target-modules.ts';

/** Which adapters a model gets; names and defaults are those of TRL's model options. */
export interface LoraOptions {
  /** r */
  readonly rank?: number | undefined;
  /** α */
  readonly alpha?: number | undefined;
  /** Share of an adapter's inputs set to zero while training. */
  readonly dropout?: number | undefined;
  /** `all-linear`, ends of module names (`q_proj`), or a regular expression; query and value unless given. */
  readonly targetModules?: string | readonly string[] | null | undefined;
  /** s = α / √r instead of α / r. */
  readonly useRslora?: boolean | undefined;
  /** Folder or Hub name of the model below, for whoever loads the adapters. */
  readonly baseModel?: string | null | undefined;
}

/** The targets of PEFT for Llama and Qwen where none are given. */
const defaultTargets = ['q_proj', 'v_proj'] as const;

/** Half precision trains its adapters in float32, as PEFT does. */
export const adapterDtype = (base: DType): DType => (base === 'float64' ? 'float64' : 'float32');

function expectRange(name: string, value: number, isValid: boolean, range: string): void {
  if (!isValid) throw new ConfigError(`${name}: expected ${range}, found ${value}`);
}

function resolve(options: LoraOptions, { config }: Model): LoraConfig {
  const { rank = 16, alpha = 32, dropout = 0.05, useRslora = false, baseModel = null } = options;
  expectRange('lora_r', rank, Number.isInteger(rank) && rank > 0, 'a whole number above 0');
  expectRange('lora_alpha', alpha, alpha > 0, 'a number above 0');
  expectRange('lora_dropout', dropout, dropout >= 0 && dropout < 1, 'a share below 1');
  const targetModules = expandTargets(options.targetModules ?? defaultTargets, config);
  return { rank, alpha, dropout, targetModules, useRslora, baseModel, further: {} };
}

/** Groups matrices made for modules by the layer they belong to. */
export function adaptersByLayer(
  { numHiddenLayers }: Model['config'],
  modules: readonly ProjectionModule[],
  make: (module: ProjectionModule) => LayerAdapters[keyof LayerAdapters],
): LayerAdapters[] {
  return Array.from({ length: numHiddenLayers }, (_, layer) =>
    Object.fromEntries(
      modules
        .filter((module) => module.layer === layer)
        .map((module) => [module.projection, make(module)]),
    ),
  );
}

/** A copy of values that outlives scopes and records gradients. */
export const adapterLeaf = (values: Tensor, trainable: boolean): Tensor =>
  keep(values.detach().clone()).requireGrad(trainable);

/** Stops a model's own weights from recording gradients. */
export function freeze(model: Model): void {
  for (const parameter of parameters(model).values()) parameter.requireGrad(false);
}

/**
 * The model with fresh adapters: A uniform on ±1/√in, as PyTorch draws linear layers and PEFT draws A; B zero, so that
 * the model computes what it did. Its own weights are frozen; they are shared, not copied. The values depend on the
 * seed only, not on the device.
 * Hu et al. 2021, arXiv:2106.09685v2, §4.1.
 * @throws ConfigError when the model has adapters already, or the targets name nothing.
 */
export function addAdapters(
  model: Model,
  { seed, ...options }: LoraOptions & { readonly seed: number },
): Model {
  if (model.adapters !== undefined) {
    throw new ConfigError(
      'use_peft: the model has adapters already; train those (use_peft: false), or merge them first',
    );
  }
  const config = resolve(options, model);
  const generator = new Generator(seed);
  const scaling = scalingOf(config.rank, config.alpha, config.useRslora);
  const draw = ({ entry }: ProjectionModule) =>
    tidy(() => {
      const [out, width] = entry.weight.shape as [number, number];
      const values = rand([config.rank, width], generator).mul(2).sub(1).div(Math.sqrt(width));
      const { dtype: base, device } = model.weights.embedTokens;
      const dtype = adapterDtype(base);
      const loraA = adapterLeaf(values.to({ dtype, device }), true);
      const loraB = adapterLeaf(zeros([out, config.rank], { dtype, device }), true);
      return { loraA, loraB, scaling };
    });
  const modules = targetedModules(config.targetModules, model.config);
  freeze(model);
  return { ...model, adapters: { config, layers: adaptersByLayer(model.config, modules, draw) } };
}

/** The model below the adapters: what it was before they were added, in the same memory. */
export const baseModel = ({ config, weights }: Model): Model => ({ config, weights });

/** Adapters of the same values in memory of their own. */
export function cloneAdapters(
  { config, layers }: Adapters,
  { trainable }: { trainable: boolean },
): Adapters {
  const copy = (layer: LayerAdapters): LayerAdapters =>
    Object.fromEntries(
      Object.entries(layer).map(([projection, { loraA, loraB, scaling }]) => [
        projection,
        tidy(() => ({
          loraA: adapterLeaf(loraA, trainable),
          loraB: adapterLeaf(loraB, trainable),
          scaling,
        })),
      ]),
    );
  return { config, layers: layers.map(copy) };
}
