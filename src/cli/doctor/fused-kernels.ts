import type { Processor } from '../../tensor/processor.ts';
import { type Check, check } from './check.ts';

/**
 * Which versions of Laurel's own operators run; undefined where the processor has nothing but plain vectors.
 * @param fuse - Whether they multiply and add at once, as those for AVX2 and AVX-512 do.
 */
export function checkFusedKernels(fuse: boolean, { features }: Processor): Check | undefined {
  const widest = ['AVX-512', 'AVX2'].find((name) => features.includes(name));
  if (widest === undefined) return undefined;
  return check(
    'fused operators',
    fuse ? `compiled for ${widest}` : 'compiled without fused multiply-add',
    !fuse && `this processor has ${widest}; run set-up again with GCC 12 or later, on glibc`,
  );
}
