import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Collects garbage and lets finalisers run. */
export async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    gc();
    await setImmediate();
  }
}

/** Collects garbage at once; finalisers run later. */
export const collectNow = (): void => gc();
