import { type Tensor, tokenTensor } from '../../tensor/index.ts';

/** Histories side by side without padding: N items in all, of B histories, the longest of T items. */
export interface PackedHistories {
  /** [N] */
  readonly items: Tensor;
  /** Place of each in the window of `maxLength`, which its history fills from the end. [N] */
  readonly positions: Tensor;
  readonly rows: number;
  readonly longest: number;
  /** Where each item lies in [B · T], a history from the left of its row. [N] */
  readonly slots: Tensor;
  /** Which item lies in each slot of [B · T]; the first of all in those that are empty. */
  readonly sources: Tensor;
  /** The last item of each history. [B] */
  readonly last: Tensor;
}

/**
 * Lays histories of at most `maxLength` items out for attention. The last item always has the last position, as in the
 * published model, whose rows are padded from the left; empty slots come after a row's items, where none looks.
 */
export function packHistories(
  histories: readonly (readonly number[])[],
  maxLength: number,
): PackedHistories {
  const longest = Math.max(...histories.map(({ length }) => length));
  const [items, positions, slots, last]: [number[], number[], number[], number[]] = [
    [],
    [],
    [],
    [],
  ];
  const sources = new Array<number>(histories.length * longest).fill(0);
  for (const [row, history] of histories.entries()) {
    for (const [place, item] of history.entries()) {
      const slot = row * longest + place;
      sources[slot] = items.length;
      slots.push(slot);
      items.push(item);
      positions.push(maxLength - history.length + place);
    }
    last.push(items.length - 1);
  }
  const vector = (values: readonly number[]): Tensor => tokenTensor(values, [values.length]);
  return {
    items: vector(items),
    positions: vector(positions),
    rows: histories.length,
    longest,
    slots: vector(slots),
    sources: vector(sources),
    last: vector(last),
  };
}
