import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'dashboard/src/**/*.test.ts'],
    pool: 'forks',
    // Each worker has the engine to itself: more threads than cores would only wait for each other.
    env: { OMP_NUM_THREADS: '1' },
    maxWorkers: 2,
    setupFiles: ['test/matchers.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is waited for in browsers and other processes takes longer where tests share few processors.
    expect: { poll: { timeout: 10_000 } },
  },
});
