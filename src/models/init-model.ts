import { type DType, full, Generator, randn, type Tensor } from '../tensor/index.ts';
import type { ModelConfig } from './model-config.ts';
import type { ParameterEntry } from './parameter-table.ts';
import { buildWeights, type Model } from './weights.ts';

export interface InitOptions {
  seed: number;
  /** Default: the configuration's. */
  dtype?: DType | undefined;
  device?: string | undefined;
  /** Whether parameters record gradients; default true. */
  trainable?: boolean | undefined;
}

/**
 * A fresh model: matrices normal(0, initializerRange), norms 1, biases 0, as transformers draws them.
 * The values depend on the seed only, not on the device.
 */
export function initModel(config: ModelConfig, options: InitOptions): Model {
  const { seed, dtype = config.dtype, device = 'cpu', trainable = true } = options;
  const generator = new Generator(seed);
  const draw = ({ kind, shape }: ParameterEntry): Tensor => {
    const values =
      kind === 'matrix'
        ? randn(shape, generator).mul(config.initializerRange)
        : full(shape, kind === 'norm' ? 1 : 0);
    return values.to({ dtype, device });
  };
  const weights = buildWeights({ ...config, dtype }, draw, { trainable });
  return { config: { ...config, dtype }, weights };
}
