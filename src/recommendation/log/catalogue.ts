import type { Interaction, Item } from '../types.ts';
import { type Finding, FindingCounter } from './finding.ts';
import type { ItemTable, SemanticIdTable } from './item-table.ts';

/** What is known of items besides the log. */
export interface ItemSources {
  readonly items?: ItemTable | undefined;
  readonly semanticIds?: SemanticIdTable | undefined;
}

/** An item by its key, with all that the files say of it. */
export function describeItem(key: string, { items, semanticIds }: ItemSources): Item {
  const { title, text } = items?.items.get(key) ?? { title: undefined, text: undefined };
  return { key, title, text, semanticId: semanticIds?.ids.get(key) };
}

/**
 * Keys of a catalogue in the order of its places: those of the items file, or of the semantic ids where there is none,
 * in the file's order, then those that only the log has, as they first occur.
 * @param taken keys in the log's order, repeats allowed
 * @param untaken whether items that nobody took are in it
 */
export function catalogueKeys(
  taken: Iterable<string>,
  { items, semanticIds }: ItemSources,
  untaken: 'kept' | 'left out',
): string[] {
  const used = new Set(taken);
  const listed = [...(items?.items.keys() ?? semanticIds?.ids.keys() ?? [])];
  const first = untaken === 'kept' ? listed : listed.filter((key) => used.has(key));
  return [...new Set([...first, ...used])];
}

/** What is missing of the items of a catalogue, and which of those listed nobody took. */
export function catalogueFindings(
  catalogue: readonly Item[],
  taken: ReadonlySet<string>,
  sources: ItemSources,
  untaken: 'kept' | 'left out',
): Finding[] {
  const { items, semanticIds } = sources;
  const listed = [...(items?.items.keys() ?? semanticIds?.ids.keys() ?? [])];
  return [
    ...missing(items !== undefined, 'unlisted_items', 'items that the items file lacks', () =>
      catalogue.filter(({ key }) => !items!.items.has(key)),
    ),
    ...missing(items !== undefined, 'untitled_items', 'items without a title', () =>
      catalogue.filter(({ title }) => title === undefined),
    ),
    ...missing(items !== undefined, 'items_without_text', 'items without any text', () =>
      catalogue.filter(({ title, text }) => title === undefined && text === undefined),
    ),
    ...missing(semanticIds !== undefined, 'items_without_id', 'items without a semantic id', () =>
      catalogue.filter(({ semanticId }) => semanticId === undefined),
    ),
    ...missing(true, 'untaken_items', `listed items that nobody took, ${untaken}`, () =>
      listed.filter((key) => !taken.has(key)).map((key) => ({ key })),
    ),
  ];
}

function missing(
  isKnown: boolean,
  name: string,
  text: string,
  find: () => readonly Pick<Item, 'key'>[],
): Finding[] {
  if (!isKnown) return [];
  const counter = new FindingCounter(name, text);
  for (const { key } of find()) counter.add(() => `item ${key}`);
  return counter.findings();
}

/** Items that events may name. */
export interface RequiredOfItems {
  readonly title: boolean;
  readonly semanticId: boolean;
}

/** Leaves out events whose item lacks what is required of it. */
export function requireOfItems(
  interactions: readonly Interaction[],
  sources: ItemSources,
  required: RequiredOfItems,
): { readonly interactions: readonly Interaction[]; readonly findings: readonly Finding[] } {
  const untitled = new FindingCounter(
    'events_of_untitled_items',
    'events whose item has no title, left out',
  );
  const unnamed = new FindingCounter(
    'events_of_items_without_id',
    'events whose item has no semantic id, left out',
  );
  const kept = interactions.filter(({ user, item }) => {
    const { title, semanticId } = describeItem(item, sources);
    const lacksTitle = required.title && title === undefined;
    const lacksId = required.semanticId && semanticId === undefined;
    if (lacksTitle) untitled.add(() => `user ${user}, item ${item}`);
    else if (lacksId) unnamed.add(() => `user ${user}, item ${item}`);
    return !lacksTitle && !lacksId;
  });
  return { interactions: kept, findings: [...untitled.findings(), ...unnamed.findings()] };
}
