import type { Item, RecommendationData } from '../types.ts';
import type { Finding } from './finding.ts';

/** How many items have a semantic id that another has too. */
export interface SharedIds {
  /** Distinct ids. */
  readonly ids: number;
  /** Items whose id is another's too. */
  readonly items: number;
  /** Questions whose target is one of them. */
  readonly validTargets: number;
  readonly testTargets: number;
}

/** Counts semantic ids that several items share, and the targets that this touches. */
export function sharedIds({ items, valid, test }: RecommendationData): SharedIds {
  const ids = items.map(idOf);
  const owners = new Map<string, number>();
  for (const id of ids) if (id !== undefined) owners.set(id, (owners.get(id) ?? 0) + 1);
  const isShared = ids.map((id) => id !== undefined && owners.get(id)! > 1);
  const touched = (questions: RecommendationData['test']) =>
    questions.filter(({ target }) => isShared[target]).length;
  return {
    ids: owners.size,
    items: isShared.filter(Boolean).length,
    validTargets: touched(valid),
    testTargets: touched(test),
  };
}

const idOf = ({ semanticId }: Item): string | undefined =>
  semanticId === undefined ? undefined : JSON.stringify(semanticId);

/** What of it should be known. */
export function sharedIdFindings(data: RecommendationData): Finding[] {
  const { items, validTargets, testTargets } = sharedIds(data);
  if (items === 0) return [];
  const targets = [
    share('valid', validTargets, data.valid.length),
    share('test', testTargets, data.test.length),
  ];
  const text = `items whose semantic id another has too: they are targets of ${targets.join(' and ')}`;
  return [{ name: 'items_sharing_ids', count: items, text, examples: [] }];
}

const share = (split: string, count: number, all: number): string =>
  `${count} of ${all} questions of ${split}${all === 0 ? '' : ` (${((100 * count) / all).toFixed(1)}%)`}`;
