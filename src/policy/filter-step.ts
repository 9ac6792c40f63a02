import type { TrainBatch } from '../batches/index.ts';
import type { TokenScores } from '../losses/index.ts';
import type { Model } from '../models/index.ts';
import type { Optimizer } from '../optim/index.ts';
import { noGrad, phase, type Tensor, tensor } from '../tensor/index.ts';
import { spread } from './score.ts';
import type { HeadMoments, OfferedTokens, TokenFilter } from './token-filter.ts';

/** What a token filter sees of the update that is being made. */
export interface FilterStepOptions {
  readonly filter: TokenFilter;
  readonly learningRate: number;
  readonly headMoments: HeadMoments | undefined;
}

/** One update under a token filter: micro-batches are judged one by one, and their gradients weighed at the end. */
export class FilterStep {
  readonly #options: FilterStepOptions;
  #offered = 0;
  #accepted = 0;

  constructor(options: FilterStepOptions) {
    this.#options = options;
  }

  /** The batch with only its accepted tokens in `completionMask`; `hidden` is what the head reads, [N, C]. */
  judge(batch: TrainBatch, scores: TokenScores, hidden: Tensor): TrainBatch {
    return phase('token filter', () =>
      noGrad(() => {
        const accepted = this.#options.filter.accept(this.#offer(batch, scores, hidden));
        this.#offered += batch.targets.size;
        this.#accepted += accepted.sum().item();
        const completionMask = spread(accepted, batch);
        return { ...batch, completionMask, offeredMask: batch.completionMask };
      }),
    );
  }

  #offer(batch: TrainBatch, scores: TokenScores, hidden: Tensor): OfferedTokens {
    const { filter, learningRate, headMoments } = this.#options;
    const flat = (values: Tensor) => values.reshape([-1]).indexSelect(0, batch.slots);
    return {
      tokens: batch.targets,
      logprobs: scores.logprobs.detach(),
      advantages: flat(batch.advantages!),
      sequences: sequencesOf(batch),
      learningRate,
      ...(filter.needs.hiddenStates && { hiddenStates: hidden.detach() }),
      topIds: scores.topIds,
      topLogprobs: scores.topLogprobs,
      headMoments,
    };
  }

  /**
   * What the gradients of a loss that divided by every offered token are multiplied by, so that it divides by the
   * accepted ones; 0 where the filter makes no update of them.
   */
  gradientScale(dividesByTokens: boolean): number {
    if (this.#options.filter.keepsUpdate?.() === false) return 0;
    return dividesByTokens && this.#accepted > 0 ? this.#offered / this.#accepted : 1;
  }
}

/** The sequence of each trained token. [N], int64. */
function sequencesOf({ slots, completionMask }: TrainBatch): Tensor {
  const region = completionMask.shape[1]!;
  const rows = slots.toArray().map((slot) => Math.floor(slot / region));
  return tensor(rows, { dtype: 'int64', device: slots.device });
}

/** The moments of the matrix that makes logits; undefined where the optimiser keeps none of it. */
export function headMomentsOf(model: Model, optimizer: Optimizer): HeadMoments | undefined {
  const name = model.weights.head === null ? 'model.embed_tokens.weight' : 'lm_head.weight';
  const { tensors } = optimizer.state();
  const [first, second] = [tensors.get(`exp_avg.${name}`), tensors.get(`exp_avg_sq.${name}`)];
  if (first === undefined || second === undefined) return undefined;
  return { first, second, step: optimizer.stepCount };
}
