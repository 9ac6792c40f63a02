import { ask, childrenOf, nameOf, type Running } from './children.ts';
import { operations, type Product, productSeconds } from './floor.ts';
import type { Floor } from './rows.ts';
import type { ProductTimes, Timing } from './side.ts';
import type { FloorTime } from './table.ts';

/** Rounds of products that take about this long are timed at a time. */
const TARGET_SECONDS = 0.15;
const CUBE = 1024;

/** Who computes a floor, found once for a row. */
export interface FloorMeter {
  readonly by: string;
  readonly measure: () => Promise<FloorTime>;
  readonly notes: readonly string[];
}

const timesOf = (child: Running, products: readonly Product[], repeats: number) =>
  ask<ProductTimes>(child, { name: 'products', products, repeats });

async function secondsOf(
  child: Running,
  products: readonly Product[],
  repeats: number,
): Promise<number> {
  const { perCall, emptyCall } = await timesOf(child, products, repeats);
  return productSeconds(products, perCall, emptyCall);
}

/** The rate of each product in its own shape. */
async function ratesByShape(
  { child, seconds }: Candidate,
  products: readonly Product[],
): Promise<string> {
  const { perCall, emptyCall } = await timesOf(child, products, repeatsFor(seconds));
  const rates = products.map(({ label, m, n, k, batch }, index) => {
    const speed = (2 * m * n * k * batch) / Math.max(perCall[index]! - emptyCall, 1e-9) / 1e9;
    return `${label} ${speed.toFixed(0)}`;
  });
  return `GFLOP/s by product (${nameOf(child)}): ${rates.join('; ')}`;
}

interface Candidate {
  readonly child: Running;
  readonly seconds: number;
}

/** The child whose products are fastest, out of some. */
async function fastestProducts(
  children: readonly Running[],
  products: readonly Product[],
): Promise<Candidate> {
  const candidates: Candidate[] = [];
  for (const child of children) {
    const once = await secondsOf(child, products, 1);
    const repeats = repeatsFor(once);
    candidates.push({ child, seconds: await secondsOf(child, products, repeats) });
  }
  return candidates.reduce((best, next) => (next.seconds < best.seconds ? next : best));
}

const repeatsFor = (seconds: number): number =>
  Math.max(1, Math.round(TARGET_SECONDS / Math.max(seconds, 1e-5)));

const cube: Product = {
  ...{ label: 'cube', m: CUBE, n: CUBE, k: CUBE, batch: 1, count: 1, share: 1 },
  ...{ transposeLeft: false, transposeRight: false },
};

const rate = (work: number, seconds: number): string =>
  `${(work / seconds / 1e9).toFixed(0)} GFLOP/s`;

async function describeRates(
  { child, seconds }: Candidate,
  everyone: readonly Running[],
  products: readonly Product[],
): Promise<string[]> {
  const work = operations(products);
  const cubed = await secondsOf(child, [cube], 8);
  const notes = [
    `products of one round: ${(work / 1e9).toFixed(3)} GFLOP at ${rate(work, seconds)} in their own shapes; ${CUBE}³ at ${rate(operations([cube]), cubed)} (${nameOf(child)})`,
  ];
  notes.push(await ratesByShape({ child, seconds }, products));
  const best = await fastestProducts(everyone, products);
  if (best.child === child) return notes;
  notes.push(await ratesByShape(best, products));
  return [...notes, `fastest products: ${rate(work, best.seconds)} (${nameOf(best.child)})`];
}

/** The child that reads memory fastest. */
async function fastestReader(children: readonly Running[], bytes: number): Promise<Running> {
  const seconds: number[] = [];
  for (const child of children) {
    seconds.push((await ask<Timing>(child, { name: 'read', bytes, repeats: 10 })).wall);
  }
  return children[seconds.indexOf(Math.min(...seconds))]!;
}

/** Prepares to measure a row's floor, with Laurel's own child or the fastest of all. */
export async function prepareFloor(floor: Floor, laurel: Running): Promise<FloorMeter> {
  const { products, rounds, cachePass } = floor;
  const engines = await childrenOf('laurel');
  const everyone = [...engines, ...(await childrenOf('pytorch'))];
  const candidates = floor.by === 'laurel' ? [laurel] : everyone;
  const best = await fastestProducts(candidates, products);
  const notes = await describeRates(best, everyone, products);
  const repeats = repeatsFor(best.seconds);
  const reader = cachePass > 0 ? await fastestReader(engines, cachePass) : undefined;
  const measure = async (): Promise<FloorTime> => {
    const seconds = await secondsOf(best.child, products, repeats);
    const cache = reader ? await cacheSeconds(floor, reader) : 0;
    return { products: seconds * rounds, cache };
  };
  const { cache } = await measure();
  if (cache > 0) notes.push(`cache read at ${(floor.cacheBytes / cache / 1e9).toFixed(1)} GB/s`);
  return { by: nameOf(best.child), measure, notes };
}

async function cacheSeconds(floor: Floor, reader: Running): Promise<number> {
  const task = { name: 'read', bytes: floor.cachePass, repeats: 10 } as const;
  const { wall } = await ask<Timing>(reader, task);
  return (wall * floor.cacheBytes) / floor.cachePass;
}
