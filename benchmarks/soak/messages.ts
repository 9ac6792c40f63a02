/** A reading of memory after a step, bytes. */
export interface MemoryReading {
  readonly step: number;
  /** Resident memory of the process. */
  readonly rss: number;
  /** Of V8's heap, garbage included. */
  readonly heapUsed: number;
  readonly external: number;
  readonly tensors: number;
  /** Right after a full collection, every so many steps: without the garbage, which comes and goes by tens of MB. */
  readonly collected?: { readonly rss: number; readonly heapUsed: number };
}

/** What a training process tells the one that watches it. */
export type SoakMessage =
  | {
      readonly type: 'run-start' | 'step-start' | 'rollout-end' | 'checkpoint-end';
      readonly step: number;
    }
  | { readonly type: 'step-end'; readonly step: number; readonly reward: number | null }
  | { readonly type: 'warning'; readonly message: string }
  | ({ readonly type: 'memory' } & MemoryReading);
