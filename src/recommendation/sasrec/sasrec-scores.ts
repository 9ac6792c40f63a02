import { DataError } from '../../errors.ts';
import { linear, noGrad, type Tensor, tidy } from '../../tensor/index.ts';
import { packHistories } from './pack-histories.ts';
import { type SasrecModel, weightOf } from './sasrec-model.ts';
import { sasrecStates } from './sasrec-states.ts';

/** @throws DataError for a history that is empty or names an item outside the catalogue. */
function assertHistories(
  histories: readonly (readonly number[])[],
  { numItems }: SasrecModel['config'],
): void {
  for (const [row, history] of histories.entries()) {
    if (history.length === 0) {
      throw new DataError(`sasrec: history ${row} has no item; give at least one`);
    }
    const stranger = history.find((item) => !(item >= 0 && item < numItems));
    if (stranger === undefined) continue;
    throw new DataError(
      `sasrec: history ${row} has item ${stranger}, expected a place in the catalogue of ${numItems}; leave unknown items out`,
    );
  }
}

/**
 * Scores of all items after each history, of which the last `maxLength` items are read: logits, not normalised.
 * @returns [B, V], to be used inside a scope that frees it.
 * @throws DataError for a history that is empty or names an item outside the catalogue.
 */
export function sasrecScores(
  model: SasrecModel,
  histories: readonly (readonly number[])[],
): Tensor {
  const { maxLength } = model.config;
  assertHistories(histories, model.config);
  return noGrad(() =>
    tidy(() => {
      const packed = packHistories(
        histories.map((history) => history.slice(-maxLength)),
        maxLength,
      );
      const states = sasrecStates(model, packed).indexSelect(0, packed.last);
      return linear(states, weightOf(model, 'items'));
    }),
  );
}

/**
 * Scores of the given items after one history: the logits that ReRe's collaborative reward reads.
 * @throws DataError for a history that is empty or names an item outside the catalogue.
 */
export function sasrecScore(
  model: SasrecModel,
  history: readonly number[],
  items: readonly number[],
): number[] {
  const scores = tidy(() => sasrecScores(model, [history]).toArray());
  return items.map((item) => {
    const score = scores[item];
    if (score !== undefined) return score;
    throw new DataError(
      `sasrecScore: item ${item} is no place in the catalogue of ${model.config.numItems}`,
    );
  });
}
