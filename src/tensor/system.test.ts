import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeSystem } from './system.ts';

const cpuinfo = process.platform === 'linux' ? readFileSync('/proc/cpuinfo', 'utf8') : '';
const flags = new Set(cpuinfo.match(/^flags\s*:(.*)$/m)?.[1]?.split(' '));
const level3 = ['avx2', 'fma', 'bmi1', 'bmi2', 'f16c', 'abm', 'movbe'];
const isCompiled = describeSystem().kernelSets.includes('x86-64-v3');

const { openblasCore } = describeSystem();
const { OPENBLAS_CORETYPE } = process.env;

// OpenBLAS before 0.3.25 takes Prescott's kernels on Intel processors newer than itself.
test.skipIf(openblasCore === '' || OPENBLAS_CORETYPE !== undefined)(
  "OpenBLAS multiplies by the processor's vectors, whatever its model",
  () => {
    const isModern = flags.has('avx2') && flags.has('fma');
    if (isModern) expect(openblasCore).not.toBe('Prescott');
  },
);

// Compilers before GCC 12, and other C libraries than glibc, cannot.
test.skipIf(!isCompiled || !level3.every((flag) => flags.has(flag)))(
  'a processor with AVX2 gets the kernels that were compiled for it, whatever its model',
  () => {
    expect(describeSystem().fusedMultiplyAdd).toBe(true);
  },
);
