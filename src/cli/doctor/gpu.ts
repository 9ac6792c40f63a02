import { spawnSync } from 'node:child_process';
import { type Check, check } from './check.ts';

/** The GPUs that NVIDIA's driver sees, by name; empty without a driver. */
export function listGpus(): string[] {
  const { stdout } = spawnSync('nvidia-smi', ['-L'], { encoding: 'utf8' });
  return [...(stdout ?? '').matchAll(/^GPU \d+: (.*?)(?: \(UUID.*)?$/gm)].map(
    (match) => match[1] ?? '',
  );
}

/** Whether a GPU is there and whether libtorch can use it. */
export function checkGpu(
  gpus: readonly string[],
  cuda: { built: boolean; devices: number },
): Check {
  if (cuda.devices > 0)
    return check('GPU', `${gpus.join(', ') || cuda.devices}, used with device: cuda`);
  if (gpus.length > 0) {
    const advice = cuda.built
      ? 'libtorch has CUDA but sees no device: check the driver version and CUDA_VISIBLE_DEVICES'
      : 'this libtorch has no CUDA: point LIBTORCH at one that has (PyTorch by pip) and run setup again';
    return check('GPU', gpus.join(', '), advice);
  }
  return check('GPU', cuda.built ? 'none found; this libtorch could use one' : 'none');
}
