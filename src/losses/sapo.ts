import { where } from '../tensor/index.ts';
import type { Surrogate } from './surrogate.ts';

export interface SapoOptions {
  /** τ where the advantage is positive. */
  readonly positiveTemperature?: number;
  /** τ elsewhere; larger, so that the gate closes faster there. */
  readonly negativeTemperature?: number;
}

/**
 * A smooth gate in place of a hard clip.
 *   L_t = −(4/τ) σ(τ (r_t − 1)) Â_t
 * Gao et al. 2025 (SAPO), arXiv:2511.20347.
 */
export const sapo =
  ({ positiveTemperature = 1, negativeTemperature = 1.05 }: SapoOptions = {}): Surrogate =>
  ({ ratio, advantages }) => {
    const gate = (temperature: number) =>
      ratio
        .sub(1)
        .mul(temperature)
        .sigmoid()
        .mul(4 / temperature);
    const gated = where(
      advantages.greater(0),
      gate(positiveTemperature),
      gate(negativeTemperature),
    );
    return { perToken: gated.mul(advantages).neg(), statistics: {} };
  };
