import { DataError } from '../errors.ts';
import type { LoadedRecommender } from './loaded-recommender.ts';
import { popularityRecommender } from './popularity.ts';
import type { Item, RankedItem, Recommender } from './types.ts';

/** A history in the places of a catalogue, and the keys that it does not have. */
export interface ReadHistory {
  readonly history: readonly number[];
  /** Keys that the catalogue does not have, in order. */
  readonly unknown: readonly string[];
}

/** An item as its reader sees it. */
export interface Recommendation {
  readonly item: string;
  readonly title: string | null;
  /** Higher is better; comparable within one list only. */
  readonly score: number;
}

/** What a list rests on: the history, or, where nothing of it is known, what is popular with all. */
export type Basis = 'history' | 'popularity';

export interface Answer {
  readonly basis: Basis;
  readonly items: readonly Recommendation[];
}

/** Speaks a recommender's language to the outside: keys and titles instead of places. */
export class AnswerDesk {
  readonly #loaded: LoadedRecommender;
  readonly #places: ReadonlyMap<string, number>;
  readonly #popularity: Recommender;

  constructor(loaded: LoadedRecommender) {
    this.#loaded = loaded;
    this.#places = new Map(loaded.catalogue.items.map(({ key }, place) => [key, place]));
    this.#popularity = popularityRecommender(loaded.catalogue);
  }

  get items(): readonly Item[] {
    return this.#loaded.catalogue.items;
  }

  /** Looks up the keys of a history. */
  read(keys: readonly string[]): ReadHistory {
    const history: number[] = [];
    const unknown: string[] = [];
    for (const key of keys) {
      const place = this.#places.get(key);
      if (place === undefined) unknown.push(key);
      else history.push(place);
    }
    return { history, unknown };
  }

  /** The best `count` items after each history. */
  async answer(
    histories: readonly (readonly number[])[],
    count: number,
    signal?: AbortSignal,
  ): Promise<Answer[]> {
    const known = histories.filter(({ length }) => length > 0);
    const lists = await this.#loaded.recommender.recommend(known, count, signal);
    const unknown = known.length < histories.length ? [[]] : [];
    const [popular] = await this.#popularity.recommend(unknown, count, signal);
    let next = 0;
    return histories.map(({ length }) =>
      length > 0
        ? { basis: 'history', items: this.#named(lists[next++]!, count) }
        : { basis: 'popularity', items: this.#named(popular!, count) },
    );
  }

  #named(ranked: readonly RankedItem[], count: number): Recommendation[] {
    return ranked.slice(0, count).map(({ item, score }) => {
      const { key, title = null } = this.items[item]!;
      return { item: key, title, score };
    });
  }
}

/** @throws DataError where a data set's items are not those that a recommender was trained on. */
export function assertSameItems(
  loaded: LoadedRecommender,
  data: { readonly name: string; readonly items: readonly Item[] },
): void {
  const { items, dataset } = loaded.catalogue;
  const differing = items.findIndex(({ key }, place) => key !== data.items[place]?.key);
  if (differing < 0 && items.length === data.items.length) return;
  throw new DataError(
    `the recommender knows ${items.length} items of ${dataset}, the data set ${data.name} has ${data.items.length}` +
      `${differing < 0 ? '' : ` and differs from place ${differing} on`}; name the data that it was trained on`,
  );
}
