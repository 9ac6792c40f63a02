import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeSystem } from './system.ts';

const cpuinfo = process.platform === 'linux' ? readFileSync('/proc/cpuinfo', 'utf8') : '';
const flags = new Set(cpuinfo.match(/^flags\s*:(.*)$/m)?.[1]?.split(' '));
const hasLevel3 = ['avx2', 'fma', 'bmi2', 'movbe'].every((flag) => flags.has(flag));

test.skipIf(!hasLevel3)(
  'a processor with AVX2 gets the kernels that were compiled for it, whatever its model',
  () => {
    expect(describeSystem().fusedMultiplyAdd).toBe(true);
  },
);
