import type { Item, RecommendationData } from '../types.ts';
import type { Finding } from './finding.ts';

/** How many items are called the same as another. */
export interface SharedNames {
  /** Distinct names. */
  readonly names: number;
  /** Items whose name is another's too. */
  readonly items: number;
  /** Questions whose target is one of them. */
  readonly validTargets: number;
  readonly testTargets: number;
}

/** What tells items apart in a language of them, and how many it does not tell apart. */
export function sharedNames(
  { items, valid, test }: RecommendationData,
  nameOf: (item: Item) => string | undefined,
): SharedNames {
  const names = items.map(nameOf);
  const owners = new Map<string, number>();
  for (const name of names) if (name !== undefined) owners.set(name, (owners.get(name) ?? 0) + 1);
  const isShared = names.map((name) => name !== undefined && owners.get(name)! > 1);
  const touched = (questions: RecommendationData['test']) =>
    questions.filter(({ target }) => isShared[target]).length;
  return {
    names: owners.size,
    items: isShared.filter(Boolean).length,
    validTargets: touched(valid),
    testTargets: touched(test),
  };
}

export const semanticName = ({ semanticId }: Item): string | undefined =>
  semanticId === undefined ? undefined : JSON.stringify(semanticId);
export const titleName = ({ title }: Item): string | undefined => title;

/** Semantic ids and titles that several items share, and the targets that this touches. */
export const sharedNameFindings = (data: RecommendationData): Finding[] => [
  ...finding(data, 'items_sharing_ids', 'semantic id', sharedNames(data, semanticName)),
  ...finding(data, 'items_sharing_titles', 'title', sharedNames(data, titleName)),
];

function finding(data: RecommendationData, name: string, what: string, shared: SharedNames) {
  if (shared.items === 0) return [];
  const targets = [
    share('valid', shared.validTargets, data.valid.length),
    share('test', shared.testTargets, data.test.length),
  ];
  const text = `items whose ${what} another has too: they are targets of ${targets.join(' and ')}`;
  return [{ name, count: shared.items, text, examples: [] }];
}

const share = (split: string, count: number, all: number): string =>
  `${count} of ${all} questions of ${split}${all === 0 ? '' : ` (${((100 * count) / all).toFixed(1)}%)`}`;
