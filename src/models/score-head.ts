import { ConfigError } from '../errors.ts';
import { Generator, keep, noGrad, randn, tidy } from '../tensor/index.ts';
import { scoreEntry } from './parameter-table.ts';
import type { Model } from './weights.ts';

/**
 * The model with a fresh score in place of its logits: the matrix is normal(0, initializerRange), as transformers draws
 * it. The other weights are shared, not copied. The values depend on the seed only, not on the device.
 * @throws ConfigError for a model with adapters.
 */
export function addScoreHead(
  { config, weights, adapters }: Model,
  { seed, trainable = true }: { readonly seed: number; readonly trainable?: boolean },
): Model {
  if (adapters !== undefined) {
    throw new ConfigError(
      'a score needs plain weights below it, and the model has adapters; merge them first (laurel merge)',
    );
  }
  const { dtype, device } = weights.embedTokens;
  const draw = () =>
    tidy(() => {
      const values = randn([...scoreEntry(config).shape], new Generator(seed));
      return keep(values.mul(config.initializerRange).to({ dtype, device }));
    });
  const head = noGrad(draw).requireGrad(trainable);
  return { config: { ...config, output: 'score' }, weights: { ...weights, head } };
}
