import { ConfigError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import type { Shifts } from './shifts.ts';

/** How large a predicted shift may be. */
export interface TrustRegion {
  /** τ_H: bound on m_H, in units of the objective. */
  readonly objectiveBound: number;
  /** τ_F: bound on m_F, in nats. */
  readonly policyBound: number;
  /** Whether m_H may be negative: `symmetric` |m_H| < τ_H, as in every published recipe; `one-sided` 0 ≤ m_H < τ_H. */
  readonly objectiveSide?: 'symmetric' | 'one-sided';
}

/** @throws ConfigError naming a bound that is no positive number. */
export function assertTrustRegion({ objectiveBound, policyBound }: TrustRegion): void {
  for (const [name, bound] of Object.entries({ objectiveBound, policyBound })) {
    if (bound > 0) continue;
    throw new ConfigError(`trust region: expected ${name} above 0, found ${bound}`);
  }
}

/**
 * Which tokens stay: those whose shifts are both within the region. NaN is never within.
 *   −τ_H < m_H < τ_H and m_F < τ_F
 * Melo et al. 2025, arXiv:2510.00819, §4; the comparisons are those of the published code.
 * @returns bool, of the shifts' shape.
 */
export function isTrusted(
  { objective, policy }: Shifts,
  { objectiveBound, policyBound, objectiveSide = 'symmetric' }: TrustRegion,
): Tensor {
  const above =
    objectiveSide === 'symmetric' ? objective.greater(-objectiveBound) : objective.greaterEqual(0);
  return above.logicalAnd(objective.less(objectiveBound)).logicalAnd(policy.less(policyBound));
}

/** `isTrusted` of two numbers. */
export const isWithin = (
  { objective, policy }: { readonly objective: number; readonly policy: number },
  { objectiveBound, policyBound, objectiveSide = 'symmetric' }: TrustRegion,
): boolean =>
  (objectiveSide === 'symmetric' ? objective > -objectiveBound : objective >= 0) &&
  objective < objectiveBound &&
  policy < policyBound;
