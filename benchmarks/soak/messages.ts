/** A reading of memory after a step, bytes. */
export interface MemoryReading {
  readonly step: number;
  /** Resident memory of the process. */
  readonly rss: number;
  /** Of V8's heap, garbage included. */
  readonly heapUsed: number;
  /** Of V8's heap right after its last full collection: what is really held. */
  readonly heapHeld: number;
  readonly external: number;
  readonly tensors: number;
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
