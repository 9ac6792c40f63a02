import { EngineError } from '../errors.ts';
import { type DType, hasOperator, noGrad, tidy, zeros } from '../tensor/index.ts';
import { type AdamWUpdate, foreachAdamW, fusedAdamW, nativeAdamW } from './adamw-update.ts';

/** Implementations of the same update: libtorch's kernel, this addon's, and list operators. */
export type AdamWImplementation = 'fused' | 'native' | 'foreach';

const updates: Record<AdamWImplementation, AdamWUpdate> = {
  fused: fusedAdamW,
  native: nativeAdamW,
  foreach: foreachAdamW,
};

/** What parameters that are updated together have in common. */
export interface TensorKind {
  readonly dtype: DType;
  readonly device: string;
}

const operators = { fused: 'aten::_fused_adamw_', native: 'laurel::fused_adamw_' } as const;

const runs = new Map<string, boolean>();

/** Whether an implementation works for such tensors: an operator may exist and have no kernel for the device. */
export function adamWRuns(implementation: AdamWImplementation, kind: TensorKind): boolean {
  if (implementation === 'foreach') return true;
  const key = `${implementation} ${kind.dtype} ${kind.device}`;
  const known = runs.get(key);
  if (known !== undefined) return known;
  const works = hasOperator(operators[implementation]) && tryUpdate(updates[implementation], kind);
  runs.set(key, works);
  return works;
}

const nothing = { learningRate: 0, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, step: 1 };

function tryUpdate(update: AdamWUpdate, kind: TensorKind): boolean {
  const one = () => [zeros([1], kind)];
  return noGrad(() =>
    tidy(() => {
      const lists = {
        parameters: one(),
        gradients: one(),
        firstMoments: one(),
        secondMoments: one(),
      };
      try {
        update(lists, nothing);
        return true;
      } catch (cause) {
        if (cause instanceof EngineError) return false;
        throw cause;
      }
    }),
  );
}

/** The chosen implementation, or the fastest that runs. @throws EngineError when the chosen one does not run. */
export function chooseAdamW(
  kind: TensorKind,
  chosen: AdamWImplementation | undefined,
): AdamWUpdate {
  if (chosen === undefined) {
    const order = ['fused', 'native', 'foreach'] as const;
    return updates[order.find((implementation) => adamWRuns(implementation, kind)) ?? 'foreach'];
  }
  if (adamWRuns(chosen, kind)) return updates[chosen];
  throw new EngineError(
    'adamW',
    `the ${chosen} implementation does not run for ${kind.dtype} on ${kind.device}; leave the choice out`,
  );
}
