import { allChildren, ask, childrenOf, fastest, nameOf, type Running } from './children.ts';
import { loadAverage, loadWarning, othersBetween, usageNow } from './load.ts';
import { prepareFloor } from './measure-floor.ts';
import type { Row } from './rows.ts';
import type { Pair, Result } from './table.ts';

/** What every row of a run shares. */
export interface CompareOptions {
  readonly pairs: number;
  readonly revision: string;
}

const usage = async () => usageNow((await allChildren()).map(({ side }) => side.processId));

/** The result of one row with one of Laurel's builds. */
async function compareBuild(
  row: Row,
  build: readonly Running[],
  { pairs: count, revision }: CompareOptions,
): Promise<Result> {
  const averageBefore = loadAverage();
  const theirs = await childrenOf(row.reference.side);
  const before = await usage();
  const laurel = await fastest(build, row.laurel.task);
  const reference = theirs.length > 0 ? await fastest(theirs, row.reference.task) : undefined;
  const floor = row.floor && (await prepareFloor(row.floor, laurel.child));
  const pairs: Pair[] = [];
  for (let pair = 0; pair < count; pair++) {
    pairs.push({
      laurel: await ask(laurel.child, row.laurel.task),
      ...(reference && { reference: await ask(reference.child, row.reference.task) }),
      ...(floor && { floor: await floor.measure() }),
    });
  }
  const load = { averageBefore, others: othersBetween(before, await usage()) };
  const warnings = [laurel.warning, reference?.warning, loadWarning(load)];
  const missing = reference ? [] : [`no interpreter here has what ${row.reference.side} needs`];
  return {
    name: row.name,
    label: row.label,
    bars: row.bars,
    laurel: nameOf(laurel.child),
    ...(reference && { reference: nameOf(reference.child) }),
    ...(floor && { floorBy: floor.by }),
    pairs,
    notes: [...(floor?.notes ?? []), ...missing, ...warnings].flatMap((note) => note || []),
    load,
    measuredAt: new Date().toISOString(),
    revision,
  };
}

/** A row's result as a Debian user gets it, then those of other builds of the addon, which no bar judges. */
export async function compare(row: Row, options: CompareOptions): Promise<Result[]> {
  const ours = await childrenOf(row.laurel.side);
  const isDefault = ({ side }: Running) => side.setting.isDefault;
  const results = [await compareBuild(row, ours.filter(isDefault), options)];
  const others = ours.filter((child) => !isDefault(child));
  for (const torch of new Set(others.map((child) => child.torch))) {
    const build = others.filter((child) => child.torch === torch);
    const result = await compareBuild({ ...row, bars: { need: 'any' } }, build, options);
    results.push({
      ...result,
      name: `${row.name}@${torch}`,
      label: `${row.label} (another build: torch ${torch})`,
    });
  }
  return results;
}
