import { expect, test } from 'vitest';
import type { Processor } from '../../tensor/processor.ts';
import { doctor } from '../doctor.ts';
import { checkBlas, checkOpenBlasCore, findBlas } from './blas.ts';
import { type BuildStamp, checkBuild } from './build-stamp.ts';
import { checkFusedKernels } from './fused-kernels.ts';
import { checkGemm } from './gemm.ts';
import { checkGpu } from './gpu.ts';
import { checkMachine } from './machine.ts';
import { renderChecks } from './render.ts';
import { checkThreads } from './threads.ts';

const intel: Processor = {
  model: 'Intel Xeon',
  features: ['AVX2', 'AVX-512'],
  physicalCores: 2,
  hardwareThreads: 4,
};
const amd = { ...intel, model: 'AMD EPYC' };

const maps = (...files: string[]) =>
  files.map((file) => `7f10a000-7f10b000 r-xp 00000000 fe:00 123   ${file}`).join('\n');

test('the BLAS is read from the libraries that are loaded, not from those that are installed', () => {
  const folder = '/usr/lib/x86_64-linux-gnu';
  const openmp = maps(
    `${folder}/openblas-openmp/libblas.so.3`,
    `${folder}/openblas-openmp/libopenblasp-r0.3.21.so`,
  );
  expect(findBlas(openmp, '', 'OpenBLAS 0.3.21 USE_OPENMP SkylakeX MAX_THREADS=64')).toEqual({
    kind: 'openblas-openmp',
    where: `${folder}/openblas-openmp/libopenblasp-r0.3.21.so`,
  });
  const pthread = maps(`${folder}/openblas-pthread/libopenblasp-r0.3.21.so`);
  expect(findBlas(pthread, '', 'OpenBLAS 0.3.21 SkylakeX MAX_THREADS=64').kind).toBe(
    'openblas-pthread',
  );
  expect(findBlas(maps(`${folder}/blas/libblas.so.3.11.0`), '', '').kind).toBe('reference');
  expect(findBlas(maps('/opt/intel/libmkl_rt.so.2'), '', '').kind).toBe('mkl');
  const wheel = 'Intel(R) oneAPI Math Kernel Library Version 2024.2';
  expect(findBlas('', wheel, '')).toEqual({ kind: 'mkl', where: 'inside libtorch' });
});

test('a BLAS that slows training says which one to use instead', () => {
  const verdict = (kind: Parameters<typeof checkBlas>[0]['kind'], threads = 2, processor = intel) =>
    checkBlas({ kind, where: 'x' }, processor, threads).verdict;
  expect(verdict('openblas-openmp')).toBe('ok');
  expect(verdict('openblas-pthread')).toBe('warn');
  expect(verdict('openblas-pthread', 1)).toBe('ok');
  expect(verdict('reference', 1)).toBe('warn');
  expect(verdict('mkl')).toBe('ok');
  expect(verdict('mkl', 2, amd)).toBe('warn');
  expect(checkBlas({ kind: 'reference', where: 'x' }, intel, 1).advice).toContain(
    'libopenblas0-openmp',
  );
});

const chosen = (core: string) => ({ core, firstChoice: core });

test('OpenBLAS settings are shown, and named when they hold the processor back', () => {
  expect(checkOpenBlasCore(chosen(''), intel, {})).toBeUndefined();
  expect(checkOpenBlasCore(chosen('SkylakeX'), intel, {})).toMatchObject({
    verdict: 'ok',
    value: 'SkylakeX, its own choice',
  });
  const forced = checkOpenBlasCore(chosen('Haswell'), intel, { OPENBLAS_CORETYPE: 'Haswell' });
  expect(forced).toMatchObject({
    verdict: 'warn',
    value: 'Haswell, with OPENBLAS_CORETYPE=Haswell',
  });
  expect(forced?.advice).toContain('halves the speed');
  const noWide = { ...intel, features: ['AVX2'] };
  expect(checkOpenBlasCore(chosen('Haswell'), noWide, {})?.verdict).toBe('ok');
  const small = checkOpenBlasCore(chosen('Zen'), noWide, { OPENBLAS_L2_SIZE: '1024' });
  expect(small?.verdict).toBe('warn');
});

test('kernels of an unknown processor are named as put right, or as too old', () => {
  const corrected = { core: 'SkylakeX', firstChoice: 'Prescott' };
  expect(checkOpenBlasCore(corrected, intel, {})).toMatchObject({
    verdict: 'ok',
    value:
      'SkylakeX, chosen by Laurel: OpenBLAS does not know this processor and had taken Prescott',
  });
  const old = checkOpenBlasCore(chosen('Prescott'), intel, {});
  expect(old).toMatchObject({ verdict: 'warn' });
  expect(old?.advice).toContain('OPENBLAS_CORETYPE=SkylakeX');
  const ancient = { ...intel, features: [] };
  expect(checkOpenBlasCore(chosen('Prescott'), ancient, {})?.verdict).toBe('ok');
});

test('threads are judged against the cores and say why there are so many', () => {
  expect(checkThreads(2, intel, {})).toMatchObject({
    value: '2 (one for each core)',
    verdict: 'ok',
  });
  expect(checkThreads(1, intel, {}).advice).toBe('2 cores could work: set OMP_NUM_THREADS=2');
  expect(checkThreads(1, intel, { OMP_NUM_THREADS: '1' })).toMatchObject({
    value: '1 (OMP_NUM_THREADS=1)',
    verdict: 'warn',
  });
  expect(checkThreads(4, intel, { OMP_NUM_THREADS: '4' }).verdict).toBe('ok');
  expect(checkThreads(8, intel, { OMP_NUM_THREADS: '8' }).advice).toContain('4 can run at once');
  expect(checkThreads(2, intel, { MKL_NUM_THREADS: '1' }).advice).toContain('MKL_NUM_THREADS=1');
});

test('a GPU that libtorch cannot use is a finding, and a missing one is not', () => {
  expect(checkGpu([], { built: false, devices: 0 })).toMatchObject({
    value: 'none',
    verdict: 'ok',
  });
  expect(checkGpu(['NVIDIA H200'], { built: true, devices: 1 }).verdict).toBe('ok');
  expect(checkGpu(['NVIDIA H200'], { built: false, devices: 0 }).advice).toContain('LIBTORCH');
  expect(checkGpu(['NVIDIA H200'], { built: true, devices: 0 }).advice).toContain('driver');
});

test('a processor without AVX2 is said to be slow, but only where AVX2 exists', () => {
  const old = { ...intel, features: [] };
  const instructions = (architecture: string) => checkMachine(old, architecture)[1];
  expect(instructions('x64')?.verdict).toBe('warn');
  expect(instructions('arm64')?.verdict).toBe('ok');
});

test('a matrix product far below what vector units do is slow for its number of threads', () => {
  expect(checkGemm(230, 1)).toMatchObject({
    verdict: 'ok',
    value: '230 GFLOP/s (float32, 1024³, 1 thread)',
  });
  expect(checkGemm(5, 1).verdict).toBe('warn');
  expect(checkGemm(30, 2).verdict).toBe('warn');
});

test('the origin and ABI of libtorch come from the stamp that set-up wrote', () => {
  const stamp: BuildStamp = {
    libtorch: {
      root: '/opt/torch',
      version: '2.4.0',
      source: 'LIBTORCH',
      cxx11Abi: false,
      accelerators: [],
    },
    blas: { kind: 'bundled' },
    compiler: 'g++ 12.2.0',
    builtAt: '2026-01-02T03:04:05.000Z',
  };
  expect(checkBuild(stamp).map(({ value }) => value)).toEqual([
    '2.4.0, from LIBTORCH (/opt/torch)',
    'strings from before C++11',
    'built 2026-01-02 by g++ 12.2.0',
  ]);
  expect(checkBuild(undefined)[0]).toMatchObject({ verdict: 'warn' });
});

test('the table puts advice below its finding and sums up in a last line', () => {
  const table = renderChecks([
    { name: 'Node', value: '20', verdict: 'ok' },
    { name: 'BLAS', value: 'slow', verdict: 'warn', advice: 'use another' },
  ]);
  expect(table).toBe(
    'ok    Node  20\nwarn  BLAS  slow\n            → use another\n\nLaurel runs, but could run better: BLAS.\n',
  );
  expect(renderChecks([{ name: 'Node', value: '20', verdict: 'ok' }])).toContain('All is well.');
  expect(renderChecks([{ name: 'Node', value: '18', verdict: 'fail' }])).toContain(
    'Laurel cannot run here: Node.',
  );
});

test('on this machine every check finds something and none fails', async () => {
  const checks = await doctor();
  const names = checks.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['Node', 'libtorch', 'BLAS', 'threads', 'GPU', 'matrix product']),
  );
  expect(checks.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
  expect(checks.every(({ value }) => value.length > 0)).toBe(true);
});

test('operators compiled for less than the processor has are a warning', () => {
  expect(checkFusedKernels(true, intel)).toMatchObject({
    verdict: 'ok',
    value: 'compiled for AVX-512',
  });
  expect(checkFusedKernels(false, intel)).toMatchObject({
    verdict: 'warn',
    advice: expect.stringContaining('GCC 12'),
  });
  expect(checkFusedKernels(false, { ...intel, features: [] })).toBeUndefined();
});
