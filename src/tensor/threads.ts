import { type Processor, readProcessor } from './processor.ts';

/** How many threads operators should use, and the rule that says so. */
export interface ThreadChoice {
  readonly count: number;
  readonly reason: string;
}

/**
 * The number of threads for operators: the user's `OMP_NUM_THREADS`, else one for each core, since
 * two threads on one core share the units that multiply. libtorch's own default is not used: Debian's
 * build takes a single thread on some virtual machines.
 */
export function chooseThreads(
  { physicalCores }: Processor = readProcessor(),
  { OMP_NUM_THREADS }: NodeJS.ProcessEnv = process.env,
): ThreadChoice {
  const asked = Number.parseInt(OMP_NUM_THREADS ?? '', 10);
  if (asked >= 1) return { count: asked, reason: `OMP_NUM_THREADS=${OMP_NUM_THREADS}` };
  return { count: physicalCores, reason: 'one for each core' };
}
