import type { Processor } from '../../tensor/processor.ts';
import { chooseThreads } from '../../tensor/threads.ts';
import { type Check, check } from './check.ts';

/** How many threads operators use and why, and when another number would be faster. */
export function checkThreads(
  threads: number,
  processor: Processor,
  env: NodeJS.ProcessEnv = process.env,
): Check {
  const { physicalCores, hardwareThreads } = processor;
  const chosen = chooseThreads(processor, env);
  const reason = threads === chosen.count ? chosen.reason : `not ${chosen.count}, ${chosen.reason}`;
  const value = `${threads} (${reason})`;
  if (threads > hardwareThreads)
    return check(
      'threads',
      value,
      `${hardwareThreads} can run at once: ${set(physicalCores, env)}`,
    );
  if (threads < physicalCores)
    return check('threads', value, `${physicalCores} cores could work: ${set(physicalCores, env)}`);
  return check('threads', value, warnOfOthers(env, physicalCores));
}

const set = (count: number, { OMP_NUM_THREADS }: NodeJS.ProcessEnv): string =>
  OMP_NUM_THREADS ? 'unset OMP_NUM_THREADS' : `set OMP_NUM_THREADS=${count}`;

/** Variables of single libraries undo what OMP_NUM_THREADS says for all. */
function warnOfOthers(env: NodeJS.ProcessEnv, cores: number): string | false {
  const other = ['MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'].find(
    (name) => env[name] && Number(env[name]) < cores,
  );
  return other !== undefined && `${other}=${env[other]} holds matrix products back: unset it`;
}
