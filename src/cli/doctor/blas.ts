import type { Processor } from '../../tensor/processor.ts';
import { type Check, check } from './check.ts';

/** The library that multiplies matrices. */
export interface Blas {
  readonly kind:
    | 'openblas-openmp'
    | 'openblas-pthread'
    | 'openblas'
    | 'mkl'
    | 'reference'
    | 'other';
  /** Its file, or where it lives when it has none of its own. */
  readonly where: string;
}

/**
 * Finds the BLAS that libtorch computes with, from the text of /proc/self/maps (the libraries that
 * are loaded now) and libtorch's own description of its build.
 */
export function findBlas(maps: string, torchBuild: string, openblasConfig: string): Blas {
  const files = [...new Set(maps.match(/\/\S+\.so[.\d]*$/gm))];
  const file = (pattern: RegExp) => files.find((path) => pattern.test(path));
  const openblas = file(/libopenblas[^/]*$/);
  if (openblas) return { kind: openblasKind(openblas, openblasConfig), where: openblas };
  const mkl = file(/libmkl_(?:rt|core)[^/]*$/);
  if (mkl) return { kind: 'mkl', where: mkl };
  if (/Math Kernel Library/.test(torchBuild)) return { kind: 'mkl', where: 'inside libtorch' };
  const blas = file(/libblas[^/]*$/);
  if (blas) return { kind: /\/blas\//.test(blas) ? 'reference' : 'other', where: blas };
  return { kind: 'other', where: 'inside libtorch' };
}

function openblasKind(file: string, config: string): Blas['kind'] {
  if (/USE_OPENMP/.test(config) || /openmp/.test(file)) return 'openblas-openmp';
  return /pthread/.test(file) || /MAX_THREADS/.test(config) ? 'openblas-pthread' : 'openblas';
}

const OPENMP =
  'install libopenblas0-openmp (sudo apt-get install --no-install-recommends libopenblas0-openmp) and run setup again';

/** Which BLAS is loaded, and whether another would be faster here. */
export function checkBlas(blas: Blas, { model }: Processor, threads: number): Check {
  const value = `${blas.kind} (${blas.where})`;
  if (blas.kind === 'openblas-pthread' && threads > 1)
    return check('BLAS', value, `its threads fight libtorch's OpenMP threads: ${OPENMP}`);
  if (blas.kind === 'reference')
    return check('BLAS', value, `this is the reference BLAS, tens of times slower: ${OPENMP}`);
  if (blas.kind === 'mkl' && /AMD/.test(model))
    return check(
      'BLAS',
      value,
      `MKL is slow on AMD processors; Debian's libtorch-dev with ${OPENMP}`,
    );
  return check('BLAS', value);
}

/** Kernel families of OpenBLAS that use AVX-512. */
const AVX512_CORES = new Set(['SkylakeX', 'Cooperlake', 'Sapphirerapids']);

/** The kernels OpenBLAS runs, and the ones it had chosen by itself; `core` is '' for another BLAS. */
export interface OpenBlasKernels {
  readonly core: string;
  readonly firstChoice: string;
}

/** The kernels OpenBLAS chose, was told to use by OPENBLAS_CORETYPE, or was put right to; undefined for another BLAS. */
export function checkOpenBlasCore(
  { core, firstChoice }: OpenBlasKernels,
  { features }: Processor,
  env: NodeJS.ProcessEnv = process.env,
): Check | undefined {
  if (core === '') return undefined;
  const settings = openBlasSettings(env);
  const value = `${core}, ${chosenBy({ core, firstChoice }, settings)}`;
  const narrow = features.includes('AVX-512') && !AVX512_CORES.has(core);
  if (settings.length > 0 && narrow)
    return check('kernels', value, 'halves the speed of a processor with AVX-512: unset them');
  if (core === 'Prescott' && features.includes('AVX2'))
    return check(
      'kernels',
      value,
      `uses neither AVX2 nor AVX-512: OpenBLAS 0.3.25 or later knows this processor; until then set OPENBLAS_CORETYPE=${features.includes('AVX-512') ? 'SkylakeX' : 'Haswell'}`,
    );
  return check('kernels', value, settings.length > 0 && 'measured best unset: unset and compare');
}

function openBlasSettings({ OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE }: NodeJS.ProcessEnv): string[] {
  return Object.entries({ OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`);
}

function chosenBy({ core, firstChoice }: OpenBlasKernels, settings: readonly string[]): string {
  const own =
    core === firstChoice
      ? ['its own choice']
      : [`chosen by Laurel: OpenBLAS does not know this processor and had taken ${firstChoice}`];
  const given = settings.length > 0 ? [`with ${settings.join(' ')}`] : [];
  return [...(given.length > 0 && core === firstChoice ? [] : own), ...given].join(', ');
}
