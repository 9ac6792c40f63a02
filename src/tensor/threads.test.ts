import { expect, test } from 'vitest';
import { readProcessor } from './processor.ts';
import { chooseThreads } from './threads.ts';

/** /proc/cpuinfo of hardware threads that sit on the given [socket, core] pairs. */
const cpuinfo = (places: ReadonlyArray<readonly [number, number]>, flags = 'fpu avx2') =>
  places
    .map(([socket, core]) =>
      [
        'model name\t: A',
        `physical id\t: ${socket}`,
        `core id\t\t: ${core}`,
        `flags\t\t: ${flags}`,
      ].join('\n'),
    )
    .join('\n\n');

const TWO_CORES_OF_TWO_THREADS = cpuinfo([
  [0, 0],
  [0, 0],
  [0, 1],
  [0, 1],
]);

test('two hardware threads of a core count as one core', () => {
  expect(readProcessor(TWO_CORES_OF_TWO_THREADS, 4)).toMatchObject({
    physicalCores: 2,
    hardwareThreads: 4,
  });
});

test('cores of the same number in two sockets are two cores', () => {
  const text = cpuinfo([
    [0, 0],
    [1, 0],
  ]);
  expect(readProcessor(text, 2).physicalCores).toBe(2);
});

test('cores that this process may not use are not counted', () => {
  expect(readProcessor(TWO_CORES_OF_TWO_THREADS, 1).physicalCores).toBe(1);
});

test('without /proc/cpuinfo every hardware thread counts as a core', () => {
  expect(readProcessor('', 8).physicalCores).toBe(8);
});

test('instruction sets are named from the flags of x86 and ARM', () => {
  expect(readProcessor(cpuinfo([[0, 0]], 'avx2 avx512f amx_bf16'), 1).features).toEqual([
    'AVX2',
    'AVX-512',
    'AMX',
  ]);
  expect(readProcessor('Features\t: fp asimd', 1).features).toEqual(['NEON']);
});

test('there is one thread for each core unless OMP_NUM_THREADS says otherwise', () => {
  const processor = readProcessor(TWO_CORES_OF_TWO_THREADS, 4);
  expect(chooseThreads(processor, {})).toEqual({ count: 2, reason: 'one for each core' });
  expect(chooseThreads(processor, { OMP_NUM_THREADS: '3' })).toEqual({
    count: 3,
    reason: 'OMP_NUM_THREADS=3',
  });
  expect(chooseThreads(processor, { OMP_NUM_THREADS: '' }).count).toBe(2);
});
