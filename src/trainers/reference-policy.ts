import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainSequence } from '../batches/index.ts';
import {
  baseModel,
  cloneModel,
  type Model,
  restoreParameters,
  saveModel,
  trainableParameters,
} from '../models/index.ts';
import { type Policy, type ScoreOptions, scoreSequences } from '../policy/index.ts';
import { noGrad, tidy } from '../tensor/index.ts';

const folderName = 'reference';

/** The model below adapters that have not moved yet, and so change nothing; undefined where there are none such. */
export function belowFreshAdapters(model: Model): Model | undefined {
  const matrices = model.adapters?.layers.flatMap((layer) => Object.values(layer));
  const isFresh = matrices?.every(({ loraB }) =>
    noGrad(() => tidy(() => loraB.any().item() === 0)),
  );
  return isFresh ? baseModel(model) : undefined;
}

/**
 * What a policy is held to: the model below adapters that have not moved yet, else a copy. Weights frozen below adapters
 * are never copied.
 */
const referenceOf = (model: Model): Model =>
  belowFreshAdapters(model) ?? cloneModel(model, { trainable: false });

/** The frozen policy that a KL penalty measures from: the policy as it was when this was made. */
export class ReferencePolicy {
  readonly #model: Model;
  readonly #padTokenId: number;
  /** It has memory of its own, which may move and is saved. */
  readonly #isCopy: boolean;

  constructor({ model, tokenizer }: Policy) {
    this.#model = referenceOf(model);
    this.#isCopy = this.#model.weights !== model.weights || this.#model.adapters !== undefined;
    this.#padTokenId = tokenizer.padTokenId;
  }

  /** log π_ref of each sequence's tokens, under the distribution that the policy is scored under. */
  score(
    sequences: readonly TrainSequence[],
    options: ScoreOptions & { batchSize: number },
  ): number[][] {
    const padTokenId = this.#padTokenId;
    const scores = scoreSequences(this.#model, sequences, { ...options, padTokenId });
    return scores.map(({ logprobs }) => logprobs);
  }

  /** Moves it towards the policy: π_ref ← α π + (1 − α) π_ref. Gorbatovski et al. 2024, arXiv:2404.09656. */
  moveTowards({ model }: Policy, share: number): void {
    const target = trainableParameters(model);
    noGrad(() =>
      tidy(() => {
        for (const [name, parameter] of trainableParameters(this.#model))
          parameter.lerp_(target.get(name)!, share);
      }),
    );
  }

  save(checkpoint: string): void {
    if (this.#isCopy) saveModel(join(checkpoint, folderName), this.#model);
  }

  /** Checkpoints that hold no reference leave it as it is. */
  restore(checkpoint: string): void {
    const folder = join(checkpoint, folderName);
    if (this.#isCopy && existsSync(folder)) restoreParameters(this.#model, folder);
  }
}
