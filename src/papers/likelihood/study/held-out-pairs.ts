import { preferenceLoss, preferencePresets } from '../../../losses/index.ts';
import { type Policy, scoreSequences } from '../../../policy/index.ts';
import { noGrad, tensor, tidy } from '../../../tensor/index.ts';
import type { PreferencePair } from '../../../trainers/index.ts';
import { pairSequences } from '../../../trainers/preference-pair.ts';
import { type Arm, presetOf } from './arms.ts';

/** What held-out pairs say of a policy. */
export interface PairMeasures {
  /** LLH_w and LLH_l of the paper: log-likelihood of the average token of each completion, mean over pairs, in nats. */
  readonly likelihoodChosen: number;
  readonly likelihoodRejected: number;
  /** The run's own loss. */
  readonly validationLoss: number;
  /** By log π_θ/π_ref: the share of pairs that are ranked right, and the mean difference in nats. */
  readonly accuracy: number;
  readonly margin: number;
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

const mean = (values: readonly number[]): number => sum(values) / values.length;

const scoring = { temperature: 1, logprobDistribution: 'full', batchSize: 64 } as const;

/** The loss that an arm trains with. */
function lossOf({ method, strength: beta, nll }: Arm) {
  const own = { pairLoss: preferencePresets[presetOf[method]]({ beta }), weight: 1 };
  const likelihood = { pairLoss: preferencePresets.nll(), weight: nll };
  return preferenceLoss({ losses: nll === 0 ? [own] : [own, likelihood], rewardScale: 1 });
}

/** Measures policies of one run on held-out pairs. The first policy measured is the reference. */
export class HeldOutPairs {
  readonly #pairs: readonly PreferencePair[];
  readonly #loss: ReturnType<typeof lossOf>;
  #reference: number[][] | undefined;

  constructor(pairs: readonly PreferencePair[], arm: Arm) {
    this.#pairs = pairs;
    this.#loss = lossOf(arm);
  }

  measure({ model, tokenizer }: Policy): PairMeasures {
    const sequences = pairSequences(this.#pairs);
    const scored = scoreSequences(model, sequences, {
      ...scoring,
      padTokenId: tokenizer.padTokenId,
    });
    const logprobs = scored.map((each) => each.logprobs);
    this.#reference ??= logprobs;
    const half = this.#pairs.length;
    const likelihoods = logprobs.map(mean);
    const ratios = logprobs.map((row, i) => sum(row) - sum(this.#reference![i]!));
    const margins = ratios.slice(0, half).map((ratio, i) => ratio - ratios[half + i]!);
    return {
      likelihoodChosen: mean(likelihoods.slice(0, half)),
      likelihoodRejected: mean(likelihoods.slice(half)),
      validationLoss: this.#lossAt(logprobs, this.#reference),
      accuracy: margins.filter((margin) => margin > 0).length / half,
      margin: mean(margins),
    };
  }

  #lossAt(logprobs: readonly number[][], reference: readonly number[][]): number {
    const width = Math.max(...logprobs.map(({ length }) => length));
    const padded = (rows: readonly number[][]) =>
      tensor(
        rows.map((row) => [...row, ...Array<number>(width - row.length).fill(0)]),
        { dtype: 'float64' },
      );
    return noGrad(() =>
      tidy(() => {
        const { loss } = this.#loss({
          logprobs: padded(logprobs),
          referenceLogprobs: padded(reference),
          completionMask: padded(logprobs.map((row) => row.map(() => 1))),
        });
        return loss.item();
      }),
    );
  }
}
