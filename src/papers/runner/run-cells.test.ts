import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CellPlan, cellName, type Json } from './cell.ts';
import { CellStore } from './cell-store.ts';
import { type CellsRun, type ExecuteCell, runCells } from './run-cells.ts';
import { matchingCells } from './run-study.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'laurel-cells-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cell = (arm: string, seed: number, more: Partial<CellPlan> = {}): CellPlan => ({
  task: 'toy',
  arm,
  seed,
  settings: { rate: 1 },
  needs: [],
  keepsFiles: false,
  ...more,
});

const base = cell('base', 0, { keepsFiles: true });
const arms = [cell('a', 0, { needs: [cellName(base)] }), cell('b', 0, { needs: [cellName(base)] })];
const plan = [base, ...arms, cell('alone', 0)];

const outcomeOf = (result: Json) => ({ result, laurelVersion: '0', fingerprint: { threads: 1 } });

interface Call {
  cells?: readonly CellPlan[];
  workers?: number;
  budgetSeconds?: number;
  signal?: AbortSignal;
  now?: () => number;
  execute?: ExecuteCell;
  store?: CellStore;
}

/** Runs a plan; by default every cell finds its own name. */
function run({ cells = plan, execute, ...call }: Call = {}): Promise<CellsRun> {
  return runCells(cells, {
    store: new CellStore(folder, cells),
    workers: 1,
    budgetSeconds: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    execute: execute ?? (async (each) => outcomeOf(cellName(each))),
    ...call,
  });
}

const names = plan.map(cellName);

describe('cells of a study', () => {
  test('all are computed, in order, and found again', async () => {
    expect(await run()).toEqual({ computed: names, failed: [], left: [] });
    const store = new CellStore(folder, plan);
    expect(plan.map((each) => store.read(each)?.result)).toEqual(names);
  });

  test('what is there is not computed again', async () => {
    await run({ cells: [base, arms[0]!] });
    expect((await run()).computed).toEqual(['toy/b/seed-0', 'toy/alone/seed-0']);
    expect((await run()).computed).toEqual([]);
  });

  test('changed settings are computed anew, and with them what needs the cell', async () => {
    await run();
    const changed = plan.map((each) => (each === base ? { ...each, settings: { rate: 2 } } : each));
    expect((await run({ cells: changed })).computed).toEqual(names.slice(0, 3));
  });

  test('the order of settings does not matter', async () => {
    const of = (settings: Json) => [cell('a', 0, { settings })];
    await run({ cells: of({ x: 1, y: { z: [2], w: null } }) });
    expect((await run({ cells: of({ y: { w: null, z: [2] }, x: 1 }) })).computed).toEqual([]);
  });

  test('a cell whose files are gone is computed again where another asks for them; one that nobody reads leaves none', async () => {
    await run();
    const store = new CellStore(folder, plan);
    expect(plan.filter((each) => existsSync(store.filesOf(each)))).toEqual([base]);
    rmSync(join(folder, 'files'), { recursive: true });
    expect((await run()).computed).toEqual([]);
    rmSync(join(folder, 'cells/toy/b'), { recursive: true });
    expect((await run()).computed).toEqual([cellName(base), 'toy/b/seed-0']);
  });

  test('a cell that fails is told, loses no other, and holds up only what needs it', async () => {
    const execute: ExecuteCell = async (each) => {
      if (each === base) throw new Error('no model');
      return outcomeOf(1);
    };
    expect(await run({ execute })).toEqual({
      computed: ['toy/alone/seed-0'],
      failed: [{ name: 'toy/base/seed-0', message: 'no model' }],
      left: ['toy/a/seed-0', 'toy/b/seed-0'],
    });
    expect((await run()).computed).toEqual(names.slice(0, 3));
  });

  test('a cell that fails before it waits for anything is told too', async () => {
    const execute: ExecuteCell = () => {
      throw new Error('at once');
    };
    const { failed, left } = await run({ cells: [base, arms[0]!], execute });
    expect(failed).toEqual([{ name: 'toy/base/seed-0', message: 'at once' }]);
    expect(left).toEqual(['toy/a/seed-0']);
  });

  test('a file that is no record is no record', async () => {
    await run();
    writeFileSync(join(folder, 'cells', 'toy', 'alone', 'seed-0.json'), '{"key"');
    expect((await run()).computed).toEqual(['toy/alone/seed-0']);
  });

  test('an interrupted cell leaves nothing and is computed by the next call', async () => {
    const controller = new AbortController();
    const execute: ExecuteCell = async (each, files) => {
      writeFileSync(join(files, 'half'), '');
      if (each !== arms[0]) return outcomeOf(1);
      controller.abort();
      throw new Error('killed');
    };
    const stopped = await run({ execute, signal: controller.signal });
    expect(stopped).toEqual({ computed: [names[0]], failed: [], left: names.slice(1) });
    const found: string[][] = [];
    await run({
      execute: async (_, files) => {
        found.push(readdirSync(files));
        return outcomeOf(1);
      },
    });
    expect(found).toEqual([[], [], []]);
  });
});

describe('recorded cells', () => {
  test('cells recorded elsewhere count, and a start is computed again only where a cell under way asks for its files', async () => {
    const elsewhere = join(folder, 'elsewhere');
    const of = new CellStore(elsewhere, plan);
    await run({ store: of });
    const recorded = plan.map((each) => of.record(each)!);
    const here = (records: typeof recorded) =>
      run({ store: new CellStore(join(folder, 'here'), plan, records) });
    expect((await here(recorded)).computed).toEqual([]);
    const withoutB = recorded.filter(({ arm }) => arm !== 'b');
    expect((await here(withoutB)).computed).toEqual([cellName(base), 'toy/b/seed-0']);
  });

  test('a recorded cell of other settings does not count', async () => {
    const of = new CellStore(join(folder, 'elsewhere'), plan);
    await run({ store: of });
    const changed = plan.map((each) => (each === base ? { ...each, settings: { rate: 2 } } : each));
    const recorded = plan.map((each) => of.record(each)!);
    const store = new CellStore(join(folder, 'here'), changed, recorded);
    expect((await run({ cells: changed, store })).computed).toEqual(names.slice(0, 3));
  });
});

/** A clock that each cell moves on by its seconds. */
function clock(secondsOf: (each: CellPlan) => number) {
  let time = 0;
  const execute: ExecuteCell = async (each) => {
    time += secondsOf(each);
    return outcomeOf(1);
  };
  return { now: () => time, execute, elapsed: () => time };
}

describe('a budget', () => {
  test('no cell begins that would likely end after it', async () => {
    const cells = [0, 1, 2, 3].map((seed) => cell('a', seed));
    // 10 s each: after two the third would end at 30 s.
    const { now, execute } = clock(() => 10);
    const found = await run({ cells, budgetSeconds: 25, now, execute });
    expect(found.computed).toHaveLength(2);
    expect(found.left).toEqual(['toy/a/seed-2', 'toy/a/seed-3']);
  });

  test('every call gets further, however small it is, and all calls together finish', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 3 }),
      async (seconds, budgetSeconds, workers) => {
        rmSync(folder, { recursive: true, force: true });
        const cells = seconds.map((_, seed) => cell('a', seed));
        const computed: string[] = [];
        for (let call = 0; call < seconds.length; call++) {
          const { now, execute } = clock(({ seed }) => seconds[seed]!);
          const found = await run({ cells, budgetSeconds, workers, now, execute });
          if (computed.length < cells.length) expect(found.computed).not.toEqual([]);
          computed.push(...found.computed);
        }
        expect(computed.sort()).toEqual(cells.map(cellName).sort());
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });
});

test('as many cells run side by side as there are workers, and none before what it needs', async () => {
  let [running, most] = [0, 0];
  const done = new Set<string>();
  const execute: ExecuteCell = async (each) => {
    expect(each.needs.every((need) => done.has(need))).toBe(true);
    running++;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    done.add(cellName(each));
    return outcomeOf(1);
  };
  await run({ workers: 2, execute });
  expect(most).toBe(2);
});

test('a plan in which a cell comes twice or needs a later one is refused', () => {
  expect(() => new CellStore(folder, [base, base])).toThrow(/planned twice/);
  expect(() => new CellStore(folder, [arms[0]!, base])).toThrow(/not planned before/);
});

test('cells chosen by name bring along what they need', () => {
  expect(matchingCells(plan, '/b/').map(cellName)).toEqual(['toy/base/seed-0', 'toy/b/seed-0']);
});
