import { Generator, randn, tidy } from '../../tensor/index.ts';
import { type Check, check } from './check.ts';

const SIZE = 1024;
const FLOATING_POINT_OPERATIONS = 2 * SIZE ** 3;
/** Half of what an AVX2 core does in a virtual machine; a BLAS without vector kernels stays far below. */
const SLOW_GFLOPS_PER_THREAD = 20;

/** Multiplies two 1024 × 1024 float32 matrices for about `budgetMs`. @returns the best rate seen, in GFLOP/s. */
export function measureGemm(budgetMs = 500): number {
  return tidy(() => {
    const generator = new Generator(0);
    const left = randn([SIZE, SIZE], generator);
    const right = randn([SIZE, SIZE], generator);
    const multiply = () => tidy(() => void left.matmul(right));
    multiply();
    let best = Number.POSITIVE_INFINITY;
    const end = performance.now() + budgetMs;
    while (performance.now() < end) {
      const started = performance.now();
      multiply();
      best = Math.min(best, performance.now() - started);
    }
    return FLOATING_POINT_OPERATIONS / best / 1e6;
  });
}

/** The measured rate, and whether it is what a processor with vector units should do. */
export function checkGemm(gflops: number, threads: number): Check {
  const value = `${gflops.toFixed(0)} GFLOP/s (float32, ${SIZE}³, ${threads} thread${threads === 1 ? '' : 's'})`;
  const slow = gflops < SLOW_GFLOPS_PER_THREAD * Math.min(threads, 4);
  return check(
    'matrix product',
    value,
    slow && 'slow: see BLAS, kernels and threads above, and what else runs on this machine',
  );
}
