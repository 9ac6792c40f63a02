import { native, type SystemDescription } from './native.ts';

/** The libtorch that was loaded: version, BLAS, CUDA. */
export const describeSystem = (): SystemDescription => native.describeSystem();

/** Threads that operators may use. */
export const threadCount = (): number => native.threads();

/** Sets how many threads operators may use, in this process. */
export const setThreadCount = (count: number): void => native.setThreads(count);
