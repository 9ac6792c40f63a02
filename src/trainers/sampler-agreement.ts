import type { TrainBatch } from '../batches/index.ts';
import type { TokenScores } from '../losses/index.ts';
import type { Metrics } from '../metrics/index.ts';
import { noGrad, tidy } from '../tensor/index.ts';

/**
 * How far training's log-probabilities are from the sampler's, on tokens that the same weights sampled: rounding,
 * or a fault. TRL's `sampling/*`.
 */
export class SamplerAgreement {
  #differences: number[] = [];

  /** Adds a micro-batch, before any update since sampling. */
  add({ logprobs }: TokenScores, { oldLogprobs, completionMask }: TrainBatch): void {
    if (oldLogprobs === undefined) return;
    const mask = completionMask.toArray();
    const differences = noGrad(() => tidy(() => logprobs.detach().sub(oldLogprobs).toArray()));
    for (const [i, difference] of differences.entries()) {
      if (mask[i] === 1) this.#differences.push(difference);
    }
  }

  get metrics(): Metrics {
    const count = this.#differences.length;
    if (count === 0) return {};
    const mean = (value: (difference: number) => number) =>
      this.#differences.reduce((sum, difference) => sum + value(difference), 0) / count;
    const [least, most] = this.#differences.reduce(
      ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
      [Infinity, -Infinity],
    );
    return {
      'sampling/sampling_logp_difference/mean': mean(Math.abs),
      'sampling/sampling_logp_difference/max': Math.max(Math.abs(least), Math.abs(most)),
      'sampling/importance_sampling_ratio/min': Math.exp(least),
      'sampling/importance_sampling_ratio/mean': mean(Math.exp),
      'sampling/importance_sampling_ratio/max': Math.exp(most),
    };
  }
}
