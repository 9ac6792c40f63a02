import type { TrainSequence } from '../../../batches/index.ts';
import { chunkedLogprobs } from '../../../losses/index.ts';
import {
  headOf,
  type OfferedTokens,
  type Policy,
  type TokenFilter,
} from '../../../policy/index.ts';
import { packFor, predictingStates } from '../../../policy/score.ts';
import { noGrad, ones, type Tensor, tidy } from '../../../tensor/index.ts';
import { predictTokens } from '../capo-token-filter.ts';
import type { StepModel } from '../step-model.ts';

/** One token as the last-layer model sees it, and what its step alone would do to the head exactly. */
export interface MeasuredToken {
  readonly objective: number;
  readonly policy: number;
  readonly advantage: number;
  readonly logprob: number;
  readonly sequence: number;
  /** α vᵀu: predicted change of the token's log-probability, to first order. */
  readonly change: number;
  /** The same step's KL and change of the objective, without Taylor's expansion. */
  readonly exactPolicy: number;
  readonly exactObjective: number;
}

/** Columns of one number a token, as tokens. */
function tokensOf(columns: Readonly<Record<keyof MeasuredToken, Tensor>>): MeasuredToken[] {
  const named = Object.entries(columns).map(([name, column]) => [name, column.toArray()] as const);
  const count = named[0]![1].length;
  return Array.from({ length: count }, (_, n) =>
    Object.fromEntries(named.map(([name, values]) => [name, values[n]!])),
  ) as unknown as MeasuredToken[];
}

/** A token filter that rejects nothing and remembers what was predicted of the last update. */
export class MeasuringFilter implements TokenFilter {
  readonly needs;
  readonly #stepModel: StepModel;
  tokens: MeasuredToken[] = [];

  constructor(stepModel: StepModel, topTokens: number) {
    this.#stepModel = stepModel;
    this.needs = { hiddenStates: true, topTokens };
  }

  accept(offered: OfferedTokens) {
    return noGrad(() => {
      const predicted = predictTokens(offered, { stepModel: this.#stepModel });
      const { probabilities, residual, logitStep, gradients, shifts } = predicted;
      const rate = offered.learningRate;
      // Probabilities that vanish in float32 stay finite, and weigh nothing.
      const held = probabilities.clamp(1e-30).log();
      const moved = held.add(logitStep.mul(rate)).logSoftmax(-1);
      const kl = probabilities.mul(held.sub(moved)).sum(-1);
      const isSampled = gradients.ids.eq(offered.tokens.unsqueeze(-1)).to({ dtype: kl.dtype });
      const ratio = moved.sub(held).mul(isSampled).sum(-1).exp();
      this.tokens = tokensOf({
        objective: shifts.objective,
        policy: shifts.policy,
        advantage: offered.advantages,
        logprob: offered.logprobs,
        sequence: offered.sequences,
        change: residual.mul(logitStep).sum(-1).mul(rate),
        exactPolicy: kl,
        exactObjective: ratio.sub(1).mul(offered.advantages),
      });
      const accepted = ones(offered.logprobs.shape, { dtype: offered.logprobs.dtype });
      this.#stepModel.collect(gradients, accepted);
      return accepted;
    });
  }

  endStep() {
    this.#stepModel.advance();
    return {};
  }

  cancelStep() {
    this.#stepModel.discard();
  }

  state() {
    return {};
  }

  load() {}
}

/** log π over the whole vocabulary at every completion token, by token id [N][V], and the sampled tokens. */
export interface Distributions {
  readonly logprobs: readonly (readonly number[])[];
  readonly sampled: readonly number[];
}

/** The policy's distribution at every token of a batch, in the order in which a token filter sees them. */
export function tokenDistributions(
  { model, tokenizer }: Policy,
  sequences: readonly TrainSequence[],
): Distributions {
  const { vocabSize } = model.config;
  return noGrad(() =>
    tidy(() => {
      const batch = packFor(model, sequences, { padTokenId: tokenizer.padTokenId });
      const states = predictingStates(model, batch);
      const { topIds, topLogprobs } = chunkedLogprobs(states, headOf(model), batch.targets, {
        topTokens: vocabSize,
      });
      const [, order] = topIds!.sort(-1);
      const flat = topLogprobs!.gather(-1, order).toArray();
      const sampled = batch.targets.toArray();
      return {
        logprobs: sampled.map((_, n) => flat.slice(n * vocabSize, (n + 1) * vocabSize)),
        sampled,
      };
    }),
  );
}
