import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainSequence } from '../batches/index.ts';
import { cloneModel, loadModel, type Model, parameters, saveModel } from '../models/index.ts';
import { type Policy, type ScoreOptions, scoreSequences } from '../policy/index.ts';
import { noGrad, tidy } from '../tensor/index.ts';

const folderName = 'reference';

/** The frozen policy that a KL penalty measures from; a copy of the policy as it was when this was made. */
export class ReferencePolicy {
  readonly #model: Model;
  readonly #padTokenId: number;

  constructor({ model, tokenizer }: Policy) {
    this.#model = cloneModel(model, { trainable: false });
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
    const target = parameters(model);
    noGrad(() =>
      tidy(() => {
        for (const [name, parameter] of parameters(this.#model))
          parameter.lerp_(target.get(name)!, share);
      }),
    );
  }

  save(checkpoint: string): void {
    saveModel(join(checkpoint, folderName), this.#model);
  }

  /** Checkpoints that hold no reference leave it as it is. */
  restore(checkpoint: string): void {
    if (!existsSync(join(checkpoint, folderName))) return;
    tidy(() => {
      const saved = parameters(loadModel(join(checkpoint, folderName), { trainable: false }));
      noGrad(() => {
        for (const [name, parameter] of parameters(this.#model)) parameter.copy_(saved.get(name)!);
      });
    });
  }
}
