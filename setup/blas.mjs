import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

const LIBRARIES = ['libblas.so.3', 'liblapack.so.3', 'libopenblas.so.0'];

/**
 * The BLAS to link beside a distribution's libtorch. Debian ranks the pthread build of OpenBLAS
 * first, whose threads fight libtorch's OpenMP threads (a training step on two threads takes more
 * than twice as long), so the addon names the openmp build itself: loaded first, it wins by its
 * soname, and the system's own choice stays as it is. `LAUREL_BLAS=system` keeps the system's.
 * @returns `{ kind, folder?, libraries, advice? }`
 */
export function chooseBlas({ lib }, env = process.env) {
  if (process.platform !== 'linux' || !existsSync(join(lib, 'libblas.so.3')))
    return { kind: 'bundled', libraries: [] };
  const folder = join(lib, 'openblas-openmp');
  if (existsSync(join(folder, 'libblas.so.3')) && env.LAUREL_BLAS !== 'system')
    return { kind: 'openblas-openmp', folder, libraries: librariesIn(folder) };
  return { ...systemBlas(lib, existsSync(folder)), libraries: [] };
}

function librariesIn(folder) {
  const present = new Set(readdirSync(folder));
  return LIBRARIES.filter((name) => present.has(name)).map((name) => join(folder, name));
}

function systemBlas(lib, hasOpenmp) {
  const path = realpathSync(join(lib, 'libblas.so.3'));
  const kind = path.match(/openblas-(?:openmp|pthread|serial)/)?.[0] ?? 'system';
  if (kind === 'openblas-openmp') return { kind };
  const remedy = hasOpenmp
    ? 'unset LAUREL_BLAS'
    : 'sudo apt-get install --no-install-recommends libopenblas0-openmp';
  const advice = `libtorch computes with ${path}, slower than OpenBLAS's openmp build: ${remedy}, then run setup again`;
  return { kind, advice };
}
