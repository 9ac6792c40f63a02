import { call, callInPlace, noGrad, stack, type Tensor, tidy } from '../tensor/index.ts';
import { type NamedParameters, withGradients } from './parameter-groups.ts';

/** What clipping found. */
export interface GradientNorm {
  /** √Σ g² over all gradients, before clipping. */
  readonly norm: number;
  /** The first parameter whose gradient holds NaN or infinity; nothing is scaled then. */
  readonly nonFinite: string | undefined;
}

/**
 * Scales all gradients by one factor so that their norm is at most `maxNorm`; 0 or Infinity leaves them alone.
 *   g ← g · min(1, maxNorm / (‖g‖ + 1e-6))
 * As `torch.nn.utils.clip_grad_norm_`.
 */
export function clipGradNorm(parameters: NamedParameters, maxNorm: number): GradientNorm {
  return noGrad(() =>
    tidy(() => {
      const { names, gradients } = withGradients(parameters);
      if (gradients.length === 0) return { norm: 0, nonFinite: undefined };
      const norms = normsOf(gradients);
      const norm = Math.hypot(...norms);
      const broken = norms.findIndex((value) => !Number.isFinite(value));
      if (broken >= 0) return { norm, nonFinite: names[broken] };
      const factor = maxNorm / (norm + 1e-6);
      if (maxNorm > 0 && factor < 1) callInPlace('aten::_foreach_mul_.Scalar', gradients, factor);
      return { norm, nonFinite: undefined };
    }),
  );
}

/** ‖g‖ of each gradient, in one read from the engine. */
function normsOf(gradients: readonly Tensor[]): number[] {
  const norms = call('aten::_foreach_norm.Scalar', gradients, 2) as Tensor[];
  return stack(norms.map((norm) => norm.to({ dtype: 'float64' }))).toArray();
}
