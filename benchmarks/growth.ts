// How cost grows with width, rows and length. Run with `npm run bench -- --growth`; cells are written as they finish,
// and the next call goes on where this one stopped.
//   --budget 120      start no further cell after so many seconds
//   --fresh           measure recorded cells again
//   --cells 'sampling 256'   only cells whose name begins so: kind, width, rows, length
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { parseArgs } from 'node:util';
import { allChildren, ask, childrenOf, nameOf, type Running, stopChildren } from './children.ts';
import { cacheBytes, decodeProducts, productSeconds, trainingProducts } from './floor.ts';
import {
  allCells,
  type Cell,
  type CellResult,
  cellKey,
  growthTable,
  reasonToLeave,
  shapeOf,
} from './growth-table.ts';
import { loadWarning, othersBetween, usageNow } from './load.ts';
import { machine, resultFile, revision } from './results.ts';
import type { ProductTimes, Timing } from './side.ts';
import { median, spread } from './table.ts';

const STEPS = 16;
const SAMPLES = 3;
/** Past this a buffer outgrows every cache, and reading it takes as long for each byte. */
const LONGEST_READ = 512e6;

const { values } = parseArgs({
  options: {
    growth: { type: 'boolean' },
    budget: { type: 'string' },
    fresh: { type: 'boolean', default: false },
    cells: { type: 'string', default: '' },
  },
});

async function productsOnce(child: Running, cell: Cell): Promise<number> {
  const shape = shapeOf(cell);
  const products =
    cell.kind === 'sampling' ? decodeProducts(shape, cell.rows) : trainingProducts(shape);
  const repeats = cell.kind === 'sampling' ? 8 : 1;
  const times = await ask<ProductTimes>(child, { name: 'products', products, repeats });
  return productSeconds(products, times.perCall, times.emptyCall);
}

async function cacheRead(child: Running, bytes: number): Promise<number> {
  const part = Math.min(bytes, LONGEST_READ);
  const { wall } = await ask<Timing>(child, { name: 'read', bytes: part, repeats: 4 });
  return (wall * bytes) / part;
}

type Measured = Pick<CellResult, 'tokensPerSecond' | 'floorShare'>;

/** Work and floor by turns; shares are taken pair by pair. */
async function measureSampling(child: Running, cell: Cell): Promise<Measured> {
  const { rows, length } = cell;
  const shape = shapeOf(cell);
  const task = { name: 'decode', shape, rows, length, steps: STEPS } as const;
  await ask<number[]>(child, task);
  const rates: number[] = [];
  const shares: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const seconds = median(await ask<number[]>(child, task));
    const read = await cacheRead(child, cacheBytes(shape, rows, length));
    rates.push(rows / seconds);
    shares.push(((await productsOnce(child, cell)) + read) / seconds);
  }
  return { tokensPerSecond: spread(rates), floorShare: median(shares) };
}

async function measureTraining(child: Running, cell: Cell): Promise<Measured> {
  const task = { name: 'train', shape: shapeOf(cell), repeats: 1 } as const;
  await ask(child, task);
  const rates: number[] = [];
  const shares: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const { wall } = await ask(child, task);
    rates.push((cell.rows * cell.length) / wall);
    shares.push((await productsOnce(child, cell)) / wall);
  }
  return { tokensPerSecond: spread(rates), floorShare: median(shares) };
}

const usage = async () => usageNow((await allChildren()).map(({ side }) => side.processId));

async function measure(child: Running, cell: Cell, commit: string): Promise<CellResult> {
  const stamp = { measuredAt: new Date().toISOString(), revision: commit };
  const left = reasonToLeave(cell, freemem());
  if (left !== '') return { ...cell, left, ...stamp };
  const before = await usage();
  const measured =
    cell.kind === 'sampling'
      ? await measureSampling(child, cell)
      : await measureTraining(child, cell);
  const others = othersBetween(before, await usage());
  const warning = loadWarning({ averageBefore: 0, others });
  if (warning !== '') console.log(`  ${warning}`);
  return { ...cell, ...measured, threads: child.threads, others, ...stamp };
}

const file = resultFile('growth', 'json');
const recorded = new Map<string, CellResult>();
if (existsSync(file)) {
  const { cells } = JSON.parse(readFileSync(file, 'utf8')) as { cells: CellResult[] };
  for (const cell of cells) recorded.set(cellKey(cell), cell);
}

function write(child: Running): void {
  const cells = [...recorded.values()];
  const about = `${machine.processor}, ${machine.cores} cores. ${nameOf(child)}. Four layers, heads 64 wide, vocabulary 512. Tokens per second, and in parentheses the share of a floor that is the same matrix products by the same BLAS and threads, for sampling with the cache read once besides. ▼ marks cells that reach less than 60% of the share of a smaller neighbour.`;
  const sampling = `Sampling, with so many tokens in the cache:\n\n${growthTable('sampling', cells)}`;
  const training = `Training step, with rows of so many tokens:\n\n${growthTable('training', cells)}`;
  writeFileSync(file, `${JSON.stringify({ machine, cells }, null, 2)}\n`);
  writeFileSync(resultFile('growth', 'md'), `${about}\n\n${sampling}\n\n${training}\n`);
}

const wanted = allCells().filter(
  (cell) =>
    `${cellKey(cell)} `.startsWith(values.cells && `${values.cells} `) &&
    (values.fresh || !recorded.has(cellKey(cell))),
);
const startedAt = performance.now();
const budgetSeconds = Number(values.budget ?? Number.POSITIVE_INFINITY);
const commit = revision();
try {
  const children = await childrenOf('laurel');
  const child = children
    .filter(({ side }) => side.setting.isDefault)
    .reduce((most, next) => (next.threads > most.threads ? next : most));
  let done = 0;
  for (const cell of wanted) {
    if ((performance.now() - startedAt) / 1000 > budgetSeconds) break;
    const result = await measure(child, cell, commit);
    const { tokensPerSecond, floorShare, left } = result;
    const text = tokensPerSecond
      ? `${tokensPerSecond.median.toFixed(0)} tokens/s, ${((floorShare ?? 0) * 100).toFixed(0)}% of the floor`
      : `left out: ${left}`;
    console.log(`${cellKey(cell)}: ${text}`);
    recorded.set(cellKey(cell), result);
    write(child);
    done++;
  }
  console.log(`${done} cells measured, ${wanted.length - done} to go`);
} finally {
  await stopChildren();
}
