import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Setting, scrubbedEnvironment } from './side.ts';

const fileAt = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const paths = (text: string | undefined): string[] => text?.split(':').filter(Boolean) ?? [];

/** `LAUREL_BENCH_THREADS` (counts joined by colons), else one thread, and one for each core. */
const threadCounts = process.env['LAUREL_BENCH_THREADS']
  ? paths(process.env['LAUREL_BENCH_THREADS']).map(Number)
  : [...new Set([1, availableParallelism()])];

/** Where Debian keeps the OpenBLAS whose threads are OpenMP's, as libtorch's are. */
const openmpBlas = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/openblas-openmp`)
  .find((folder) => existsSync(folder));

function hasTorch(python: string): boolean {
  return spawnSync(python, ['-c', 'import torch'], { env: scrubbedEnvironment() }).status === 0;
}

/** `LAUREL_BENCH_PYTHON` (paths joined by colons), else the usual names; those that have PyTorch. */
function pythons(): string[] {
  const named = paths(process.env['LAUREL_BENCH_PYTHON']);
  const candidates = named.length > 0 ? named : ['python3', '/usr/bin/python3'];
  return candidates.filter(hasTorch);
}

/** Every way to run PyTorch here: each interpreter, with each number of threads. */
export function pytorchSettings(): Setting[] {
  const environment = { ...scrubbedEnvironment(), LD_LIBRARY_PATH: openmpBlas };
  return pythons().flatMap((program) =>
    threadCounts.map(
      (threads): Setting => ({
        label: `PyTorch on ${threads} thread${threads === 1 ? '' : 's'}`,
        side: 'pytorch',
        program,
        args: [fileAt('pytorch_side.py'), String(threads)],
        environment,
      }),
    ),
  );
}

/** Every way to run this engine here: its addon and those built into `LAUREL_BENCH_BUILDS`, with each number of threads. */
export function laurelSettings(): Setting[] {
  const folders = [undefined, ...paths(process.env['LAUREL_BENCH_BUILDS'])];
  return folders.flatMap((folder) =>
    threadCounts.map(
      (threads): Setting => ({
        label: `Laurel on ${threads} thread${threads === 1 ? '' : 's'}`,
        side: 'laurel',
        program: process.execPath,
        args: [
          ...['--expose-gc', '--import', 'jiti/register'],
          ...[fileAt('laurel-side.ts'), String(threads)],
        ],
        environment: { ...scrubbedEnvironment(), LAUREL_BUILD_DIR: folder },
      }),
    ),
  );
}
