import { native, type SystemDescription, wire } from './native.ts';

/** The libtorch that was loaded: version, BLAS, CUDA. */
export const describeSystem = (): SystemDescription => native.describeSystem();

/** Threads that operators may use. */
export const threadCount = (): number => native.threads();

/** Sets how many threads operators may use, in this process. */
export const setThreadCount = (count: number): void => native.setThreads(count);

/** Memory of the CPU tensors that have a mapping of their own: those of 256 KiB and more. Bytes. */
export interface TensorMemory {
  /** In use. */
  readonly live: number;
  /** The most that was in use at one time, since the start or since `trimMemory`. */
  readonly mostLive: number;
  /** Kept for the next tensors; with those in use, at most an eighth or 64 MiB more than `mostLive`. */
  readonly cached: number;
}

/** What large CPU tensors occupy; all 0 where `LAUREL_ALLOCATOR=malloc` leaves memory to libtorch. */
export function tensorMemory(): TensorMemory {
  native.tensorMemory();
  const [live, mostLive, cached] = wire as unknown as [number, number, number];
  return { live, mostLive, cached };
}

/** Gives the memory that is kept for the next tensors back to the system. */
export const trimMemory = (): void => native.trimMemory();
