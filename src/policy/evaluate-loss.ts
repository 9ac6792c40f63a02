import { setImmediate as nextTurn } from 'node:timers/promises';
import { countTotals, type TrainSequence } from '../batches/index.ts';
import { chunkedLogprobs, type LossMetric, type Statistics } from '../losses/index.ts';
import { noGrad, tidy } from '../tensor/index.ts';
import type { Policy } from './policy.ts';
import {
  chunkOptions,
  headOf,
  packFor,
  predictingStates,
  type ScoreOptions,
  spreadScores,
} from './score.ts';
import { takeStatistics } from './take-statistics.ts';
import type { BatchLoss } from './update.ts';

/** The loss of held-out sequences, as training would compute it over all of them at once, without changing anything. */
export async function evaluateLoss(
  { model, tokenizer }: Policy,
  batches: readonly (readonly TrainSequence[])[],
  { loss, signal, ...scoring }: ScoreOptions & { loss: BatchLoss; signal?: AbortSignal },
): Promise<{ loss: number } & Partial<Record<LossMetric, number>>> {
  const totals = countTotals(batches.flat());
  const packing = {
    padTokenId: tokenizer.padTokenId,
    layout: scoring.layout,
    prompts: scoring.prompts,
  };
  const parts: Statistics[] = [];
  let sum = 0;
  for (const sequences of batches) {
    await nextTurn();
    signal?.throwIfAborted();
    const part = noGrad(() =>
      tidy(() => {
        const batch = packFor(model, sequences, packing);
        if (batch.targets.size === 0) return undefined;
        const hidden = predictingStates(model, batch);
        const scores = chunkedLogprobs(
          hidden,
          headOf(model),
          batch.targets,
          chunkOptions(batch, scoring),
        );
        const result = loss(spreadScores(scores, batch), batch, totals);
        return { loss: result.loss.item(), statistics: result.statistics };
      }),
    );
    if (part === undefined) continue;
    sum += part.loss;
    parts.push(part.statistics);
  }
  const { num_tokens: _, ...metrics } = takeStatistics(parts);
  return { loss: sum, ...metrics };
}
