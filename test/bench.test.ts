import { describe, expect, it, test } from 'vitest';
import { nameOf, type Running, threadWarning } from '../benchmarks/children.ts';
import {
  cacheBytes,
  decodeProducts,
  operations,
  productSeconds,
  trainingProducts,
} from '../benchmarks/floor.ts';
import {
  allCells,
  type CellResult,
  cellKey,
  cliffs,
  growthTable,
  lengths,
  reasonToLeave,
  rowCounts,
  widths,
} from '../benchmarks/growth-table.ts';
import { busySeconds, loadWarning, othersBetween, processSeconds } from '../benchmarks/load.ts';
import { processorName, report, slug } from '../benchmarks/results.ts';
import { chooseRows, tableRows } from '../benchmarks/rows.ts';
import type { Shape } from '../benchmarks/shapes.ts';
import {
  describeBars,
  floorShare,
  markdownTable,
  meetsBars,
  mergeResults,
  type Pair,
  type Result,
  speedRatio,
} from '../benchmarks/table.ts';

const wall = (seconds: number) => ({ wall: seconds, processor: seconds });

const pair = (laurel: number, reference: number, products: number, cache = 0): Pair => ({
  laurel: wall(laurel),
  reference: wall(reference),
  floor: { products, cache },
});

const result = (more: Partial<Result> = {}): Result => ({
  name: 'step',
  label: 'training step',
  bars: { speed: 1.25, floor: 0.65, need: 'all' },
  laurel: 'Laurel: torch 1.13.0',
  reference: 'PyTorch: torch 2.13.0',
  floorBy: 'Laurel: torch 1.13.0',
  // Ratios 2, 1.5, 1; shares 0.7, 0.6, 0.8.
  pairs: [pair(1, 2, 0.5, 0.2), pair(2, 3, 1.2), pair(1, 1, 0.8)],
  notes: ['a note'],
  load: { averageBefore: 0.1, others: 0.02 },
  measuredAt: '2026-01-02T03:04:05.678Z',
  revision: 'abc1234',
  ...more,
});

test('a processor is named after its model and the widest of its vectors', () => {
  const named = (...features: string[]) =>
    processorName({ model: 'Some EPYC', features, physicalCores: 2, hardwareThreads: 2 });
  expect(named('AVX2', 'AVX-512', 'AVX-512 BF16')).toBe('Some EPYC (AVX-512)');
  expect(named('AVX2')).toBe('Some EPYC (AVX2)');
  expect(named()).toBe('Some EPYC');
});

describe('the table of the benchmark', () => {
  it('takes ratios pair by pair, then their median', () => {
    expect(speedRatio(result())).toEqual({ median: 1.5, least: 1, most: 2 });
  });
  it('adds products and cache to a floor', () => {
    expect(floorShare(result())).toEqual({ median: 0.7, least: 0.6, most: 0.8 });
  });
  it('asks for every bar, or for one of them', () => {
    expect(meetsBars(result())).toBe(true);
    const strict = { speed: 1.6, floor: 0.65 };
    expect(meetsBars(result({ bars: { ...strict, need: 'all' } }))).toBe(false);
    expect(meetsBars(result({ bars: { ...strict, need: 'any' } }))).toBe(true);
    expect(meetsBars(result({ bars: { need: 'any' } }))).toBeUndefined();
  });
  it('misses a bar whose reference is not here', () => {
    const alone = result({
      pairs: [{ laurel: wall(1) }],
      bars: { speed: 1, need: 'all' },
    });
    expect(meetsBars(alone)).toBe(false);
  });
  it('writes one line for each result, with bar and verdict', () => {
    const line = markdownTable([result()]).split('\n')[2];
    expect(line).toBe(
      '| training step | 1000 ms | 2000 ms | 1.50× (1.00–2.00) | 800 ms | 70% (60%–80%) | 1.25× and 65% of the floor | meets | Laurel: torch 1.13.0 | PyTorch: torch 2.13.0; floor: Laurel: torch 1.13.0 |',
    );
    expect(describeBars({ speed: 3, floor: 0.6, need: 'any' })).toBe('3× or 60% of the floor');
  });
  it('puts fresh rows in the place of earlier ones, in the table’s order', () => {
    const old = [result({ name: 'sample-8' }), result({ name: 'step', label: 'old' })];
    const fresh = [result({ name: 'step', label: 'new' })];
    const merged = mergeResults(old, fresh, ['step', 'sample-8']);
    expect(merged.map(({ name, label }) => [name, label])).toEqual([
      ['step', 'new'],
      ['sample-8', 'training step'],
    ]);
  });
  it('reports machine, table and notes without a path', () => {
    const text = report([result()]);
    expect(text).toContain('- step: measured 2026-01-02T03:04Z at abc1234');
    expect(text).toContain('  - a note');
    expect(text).not.toMatch(/\/(usr|tmp|home|work|root)\b/);
  });
  it('names files by letters and digits only', () => {
    expect(slug('Intel(R) Xeon(R) @ 2.80GHz')).toBe('intel-r-xeon-r-2-80ghz');
  });
});

describe('labels', () => {
  const running = (more: Partial<Running>) =>
    ({
      side: { setting: { label: 'PyTorch on 2 threads', program: '/usr/bin/python3' } },
      ...{ torch: '2.13.0+cpu', blas: 'MKL', core: '', threads: 2 },
      ...more,
    }) as Running;

  it('come from versions, BLAS and threads, and hold no path', () => {
    expect(nameOf(running({}))).toBe('PyTorch: torch 2.13.0+cpu, MKL, 2 threads');
    expect(nameOf(running({ threads: 1, libraries: 'trl 1.0', core: 'Zen' }))).toBe(
      'PyTorch: trl 1.0, torch 2.13.0+cpu, MKL Zen, 1 thread',
    );
  });
  it('say when more threads take longer than one', () => {
    const at = (threads: number, seconds: number) => ({ threads, seconds });
    expect(threadWarning([at(1, 1), at(2, 4)])).toMatch(/2 threads took 4.0 times as long as one/);
    expect(threadWarning([at(1, 1), at(2, 0.6)])).toBe('');
    expect(threadWarning([at(2, 4)])).toBe('');
  });
});

describe('floors', () => {
  // One layer of width 2 with one head, hidden layer 3, vocabulary 5; 2 rows of 4 tokens.
  const shape: Shape = {
    ...{ vocabulary: 5, width: 2, inner: 3, layers: 1, heads: 1 },
    ...{ trainRows: 2, trainTokens: 4, sampleTokens: 4 },
  };
  // Weights: 2·6 + 2·2 + 2·6 + 3·2 of the layer, 2·5 of the head.
  const weights = 12 + 4 + 12 + 6 + 10;

  it('count two operations for each weight and token of a decode step', () => {
    expect(operations(decodeProducts(shape, 7))).toBe(2 * weights * 7);
  });
  it('count forward, both backward products and what causal attention needs', () => {
    // Attention: 2 rows × 6 products × 2·4·4·2 operations, of which (4 + 1) / (2·4) are below the mask.
    const attention = (2 * 6 * 2 * 4 * 4 * 2 * 5) / 8;
    expect(operations(trainingProducts(shape))).toBeCloseTo(6 * weights * 8 + attention, 6);
  });
  it('count keys and values of every layer in bytes', () => {
    expect(cacheBytes(shape, 3, 10)).toBe(3 * 2 * 2 * 10 * 4);
  });
  it('leave the cost of calling out', () => {
    const [first] = decodeProducts({ ...shape, layers: 3 }, 1);
    expect(productSeconds([first!], [5], 1)).toBe(3 * 4);
    expect(productSeconds([first!], [0.5], 1)).toBe(0);
  });
});

describe('load', () => {
  it('is what others kept busy: the machine less this run', () => {
    // 100 ticks a second: user 150, nice 0, system 50, idle and waiting aside, interrupts 0 + 0, stolen 100.
    expect(busySeconds('cpu  150 0 50 900 10 0 0 100 0 0\ncpu0 1')).toBe(3);
    const fields = Array.from({ length: 20 }, (_, index) => index);
    // After the name come fields 3 and on: user and system time are the 14th to 17th.
    expect(processSeconds(`1 (a (b) c) ${fields.join(' ')}`)).toBeCloseTo(
      (11 + 12 + 13 + 14) / 100,
    );
    const before = { at: 10, machine: 100, own: 5 };
    expect(othersBetween(before, { at: 20, machine: 118, own: 15 })).toBeCloseTo(0.8);
    expect(othersBetween(undefined, before)).toBe(0);
  });
  it('is warned of above half a processor', () => {
    expect(loadWarning({ averageBefore: 3, others: 0.4 })).toBe('');
    expect(loadWarning({ averageBefore: 3, others: 0.8 })).toMatch(/measure again/);
  });
});

describe('--only', () => {
  it('chooses rows in the table’s order, and says what there is', () => {
    expect(chooseRows('sample-8,step').map(({ name }) => name)).toEqual(['step', 'sample-8']);
    expect(chooseRows(undefined)).toHaveLength(tableRows.length);
    expect(() => chooseRows('stepp')).toThrow(/no row is named stepp; there are step, /);
  });
});

describe('the growth table', () => {
  const at = { measuredAt: '2026-01-02T03:04:05.678Z', revision: 'abc1234' };
  const cell = (rows: number, floorShare: number): CellResult => ({
    ...{ kind: 'sampling', width: 128, rows, length: 64 },
    ...{ tokensPerSecond: { median: 1234.5, least: 1000, most: 1300 }, floorShare },
    ...at,
  });

  it('has every width, number of rows and length once for each kind', () => {
    const keys = allCells().map(cellKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBe(2 * widths.length * rowCounts.length * lengths.length);
  });
  it('marks a cell that does much worse than a smaller neighbour', () => {
    // 0.2 is less than 60% of 0.5; 0.4 is not.
    expect(cliffs([cell(1, 0.5), cell(8, 0.2), cell(32, 0.4)]).map(({ rows }) => rows)).toEqual([
      8,
    ]);
    const line = growthTable('sampling', [cell(1, 0.5), cell(8, 0.2)]).split('\n')[3];
    expect(line).toBe('| 128 | 8 | 1,235 (20%) ▼ |  |  |');
  });
  it('leaves out what does not fit in memory or takes too long, and says so', () => {
    const large = { kind: 'sampling', width: 1024, rows: 256, length: 1024 } as const;
    // 256 rows × 4 layers × 2 × 1024 wide × 1024 tokens × 4 bytes.
    expect(reasonToLeave(large, 16e9)).toBe('cache of 8.6 GB');
    expect(reasonToLeave(large, 64e9)).toBe('');
    expect(reasonToLeave({ ...large, kind: 'training' }, 64e9)).toBe('262144 tokens a step');
    const left = { ...large, left: 'cache of 8.6 GB', ...at };
    expect(growthTable('sampling', [left])).toContain('(cache of 8.6 GB)');
  });
});
