import type { Dropout } from '../../models/index.ts';
import { callTensor, tidy, tokenTensor } from '../../tensor/index.ts';
import { packHistories } from './pack-histories.ts';
import { type SasrecModel, weightOf } from './sasrec-model.ts';
import type { SasrecRow } from './sasrec-rows.ts';
import { sasrecStates } from './sasrec-states.ts';

/** Places among all items of the rows that have a target, in order. */
function trainedPlaces(rows: readonly SasrecRow[]): number[] {
  let start = 0;
  return rows.flatMap(({ items, targets }) => {
    start += items.length;
    const first = start - targets.length;
    return targets.map((_, t) => first + t);
  });
}

/**
 * Adds the gradients of the mean cross-entropy over all items and all targets of the rows.
 *   L = −(1/N) Σ log softmax(h Eᵀ)[target]
 * The published model contrasts one sampled item per target instead; over all items the same model is a stronger
 * baseline: Klenitskiy and Vasilev 2023, arXiv:2309.07602.
 * @returns the loss, in nats per target.
 */
export function sasrecGradients(
  model: SasrecModel,
  rows: readonly SasrecRow[],
  dropped?: Dropout,
): number {
  return tidy(() => {
    const histories = packHistories(
      rows.map(({ items }) => items),
      model.config.maxLength,
    );
    const targets = rows.flatMap((row) => row.targets);
    const vector = (values: readonly number[]) => tokenTensor(values, [values.length]);
    const states = sasrecStates(model, histories, dropped);
    const trained = states.indexSelect(0, vector(trainedPlaces(rows)));
    const head = weightOf(model, 'items');
    const loss = callTensor('laurel::mean_cross_entropy', trained, head, vector(targets));
    loss.backward();
    return loss.item();
  });
}
