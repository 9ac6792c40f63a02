/**
 * CAPO's intervention: before an update, predict what each token's gradient on the head would do, and leave out the
 * tokens whose prediction lies outside a trust region.
 * Melo et al. 2025, arXiv:2510.00819, §4; Theorem 5.1 speaks of one-sided bounds and γ < ⅓, and not of what is done here
 * (γ = 1, symmetric bounds).
 */
import type { OfferedTokens, TokenFilter } from '../../policy/index.ts';
import { noGrad, type Tensor, tidy } from '../../tensor/index.ts';
import { FilterLog } from './filter-log.ts';
import { restrictToTop } from './last-layer.ts';
import { type FilterLevel, pooledShifts } from './pooling.ts';
import { predictShifts, type Shifts } from './shifts.ts';
import type { HeadGradients, StepModel } from './step-model.ts';
import { assertTrustRegion, isTrusted, isWithin, type TrustRegion } from './trust-region.ts';

export interface CapoOptions extends TrustRegion {
  /** How the optimiser is modelled. */
  readonly stepModel: StepModel;
  /** What is rejected as one; tokens as published. */
  readonly level?: FilterLevel;
  /** K: likeliest tokens modelled; 50 as published. */
  readonly topTokens?: number;
  /** Of sampling: the head reads h / temperature. */
  readonly temperature?: number;
}

/** What is foretold of every offered token. */
export interface Predicted {
  readonly shifts: Shifts;
  readonly gradients: HeadGradients;
  /** π over the top tokens [N, K], and v = e_a − π. */
  readonly probabilities: Tensor;
  readonly residual: Tensor;
  /** u = Ĝ h [N, K]. */
  readonly logitStep: Tensor;
}

/** A token filter for the policy-gradient trainer: `tokenFilter: capoTokenFilter({ … })`. */
export function capoTokenFilter(options: CapoOptions): TokenFilter {
  assertTrustRegion(options);
  const { stepModel, level = 'token', topTokens = 50 } = options;
  const log = new FilterLog();
  const keepsUpdate = () => level !== 'batch' || isWithin(log.means(), options);
  const discard = () => {
    log.clear();
    stepModel.discard();
  };
  return {
    needs: { hiddenStates: true, topTokens, headMoments: stepModel.needsHeadMoments ?? false },
    accept: (offered) =>
      noGrad(() =>
        tidy(() => {
          const { shifts, gradients } = predictTokens(offered, options);
          const accepted = judge(shifts, offered, options);
          stepModel.collect(gradients, accepted);
          log.add(shifts, accepted, offered);
          return accepted;
        }),
      ),
    keepsUpdate,
    endStep() {
      const isMade = keepsUpdate();
      const metrics = log.metrics(isMade);
      if (!isMade) stepModel.discard();
      stepModel.advance();
      log.clear();
      return metrics;
    },
    cancelStep: discard,
    state: () => stepModel.state(),
    load: (state) => stepModel.load(state),
  };
}

/** m_H and m_F of every offered token, and the gradients they come from. */
export function predictTokens(
  offered: OfferedTokens,
  { stepModel, temperature = 1 }: Pick<CapoOptions, 'stepModel' | 'temperature'>,
): Predicted {
  const { tokens, logprobs, advantages, learningRate, headMoments } = offered;
  const { ids, probabilities, residual } = restrictToTop({
    ids: offered.topIds!,
    logprobs: offered.topLogprobs!,
    sampled: tokens,
    sampledLogprobs: logprobs,
  });
  const states = offered.hiddenStates!.to({ dtype: logprobs.dtype }).div(temperature);
  const coefficients = residual.mul(advantages.unsqueeze(-1));
  const gradients = { ids, coefficients, states };
  const logitStep = stepModel.logitStep(gradients, headMoments);
  const update = { probabilities, residual, advantages, logitStep };
  return { shifts: predictShifts(update, learningRate), gradients, ...update };
}

/** 1 for accepted tokens; a batch is judged at its end. */
function judge(
  shifts: Shifts,
  { sequences, logprobs }: OfferedTokens,
  options: CapoOptions,
): Tensor {
  const { level = 'token' } = options;
  if (level === 'batch') return logprobs.mul(0).add(1);
  const trusted = isTrusted(pooledShifts(shifts, sequences, level), options);
  return trusted.to({ dtype: logprobs.dtype });
}
