import { assertSameShape, type Tensor } from '../../tensor/index.ts';

/** What one token would change by itself. */
export interface TokenUpdate {
  /** π over the modelled tokens [N, K]. */
  readonly probabilities: Tensor;
  /** v = e_a − π [N, K]. */
  readonly residual: Tensor;
  /** A [N]. */
  readonly advantages: Tensor;
  /** u = Ĝ h: how the logits move per unit of learning rate [N, K]. */
  readonly logitStep: Tensor;
}

/** Second-order predictions for each token, [N]. */
export interface Shifts {
  /** m_H: change of the token's objective A·π_{θ+Δ}(a)/π_θ(a). */
  readonly objective: Tensor;
  /** m_F: KL between the policies before and after, by the sampled token's estimate. */
  readonly policy: Tensor;
}

/**
 * How far the step Δψ = α Ĝ of each token alone would move the objective and the policy.
 *   m_H = α ⟨G, Ĝ⟩ + ½ α² A [(vᵀu)² − uᵀF u],   m_F = ½ α² (vᵀu)²
 *   G = A v hᵀ,  u = Ĝ h,  so ⟨G, Ĝ⟩ = A vᵀu;   uᵀF u = Σ π u² − (Σ π u)²,  F = diag(π) − ππᵀ
 * Neither G nor F is formed: everything follows from u.
 * Melo et al. 2025, arXiv:2510.00819, Eqs. 7–10, at γ = 1.
 * @throws ShapeError
 */
export function predictShifts(
  { probabilities, residual, advantages, logitStep }: TokenUpdate,
  learningRate: number,
): Shifts {
  assertSameShape('predictShifts', { probabilities, residual, logitStep });
  assertSameShape('predictShifts', { advantages, 'logitStep without K': logitStep.select(-1, 0) });
  const along = residual.mul(logitStep).sum(-1); // vᵀu
  const mean = probabilities.mul(logitStep).sum(-1);
  const spread = probabilities.mul(logitStep.square()).sum(-1).sub(mean.square()); // uᵀF u
  const half = learningRate ** 2 / 2;
  const curvature = along.square().sub(spread).mul(half);
  return {
    objective: advantages.mul(along.mul(learningRate).add(curvature)),
    policy: along.square().mul(half),
  };
}
