import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const MULTIARCH = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch];
const SHARED = process.platform === 'darwin' ? 'dylib' : 'so';
const PROBE_HEADER = 'ATen/core/dispatch/Dispatcher.h';
const OLDEST = [1, 13];

/** The file name of a shared library on this system: `torch_cpu` → `libtorch_cpu.so`. */
export const sharedLibrary = (name) => `lib${name}.${SHARED}`;

/**
 * What a folder with `include/` and `lib/` holds: an unzipped libtorch, a `torch` Python package,
 * its parent `site-packages`, or a prefix such as `/usr`.
 * @returns `{ libtorch }`, or `{ problem }` in words.
 */
export function readLayout(folder) {
  const root = [resolve(folder), resolve(folder, 'torch')].find((path) => libraryFolder(path));
  if (!root) return { problem: `no ${sharedLibrary('torch_cpu')} in ${join(folder, 'lib')}` };
  const include = join(root, 'include');
  if (!existsSync(join(include, PROBE_HEADER)))
    return { problem: `no C++ headers in ${include} (${PROBE_HEADER} is missing)` };
  return describe(root, include, libraryFolder(root));
}

function libraryFolder(root) {
  return ['lib', 'lib64', `lib/${MULTIARCH}`]
    .map((name) => join(root, name))
    .find((path) => existsSync(join(path, sharedLibrary('torch_cpu'))));
}

function describe(root, include, lib) {
  const version = readVersion(root, include);
  if (isOlder(version)) return { problem: `version ${version} is older than ${OLDEST.join('.')}` };
  const core = join(lib, sharedLibrary('c10'));
  const { size, mtimeMs } = statSync(core);
  return {
    libtorch: {
      root,
      lib,
      includes: [include, join(include, 'torch/csrc/api/include')].filter(existsSync),
      version,
      cxx11Abi: process.platform === 'linux' ? usesCxx11Abi(core) : null,
      cxxStandard: cxxStandard(include),
      accelerators: ['cuda', 'hip'].filter((name) =>
        existsSync(join(lib, sharedLibrary(`torch_${name}`))),
      ),
      openmp: findOpenmp(lib),
      fingerprint: `${size}-${Math.round(mtimeMs)}`,
    },
  };
}

/** The OpenMP runtime that a Python package brings, or null: the addon must share the one pool of threads. */
function findOpenmp(lib) {
  const folders = [lib, join(lib, '../../torch.libs')].filter(existsSync);
  const found = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^libgomp.*\.so/.test(name))
      .map((name) => resolve(folder, name)),
  );
  // A system's own folder has the compiler's runtime, which the linker finds by itself.
  return lib.startsWith('/usr/') ? null : (found[0] ?? null);
}

function readVersion(root, include) {
  const python = readText(join(root, 'version.py')).match(/__version__ = '([^']+)'/);
  if (python) return python[1];
  const zip = readText(join(root, 'build-version')).trim();
  if (zip) return zip;
  const header =
    readText(join(include, 'torch/headeronly/version.h')) ||
    readText(join(include, 'torch/csrc/api/include/torch/version.h')) ||
    readText(join(include, 'torch/version.h'));
  const part = (name) => header.match(new RegExp(`TORCH_VERSION_${name} (\\d+)`))?.[1];
  return [part('MAJOR'), part('MINOR'), part('PATCH')].map((text) => text ?? '0').join('.');
}

function isOlder(version) {
  const [major = 0, minor = 0] = version.split('.').map((text) => Number.parseInt(text, 10));
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

/** libtorch's own symbols say which `std::string` it was compiled with. */
function usesCxx11Abi(library) {
  return /_ZN3c10\w*__cxx11/.test(readFileSync(library, 'latin1'));
}

/** The C++ standard this libtorch's headers ask for, at least the 17 that Laurel is written in. */
function cxxStandard(include) {
  const header = readText(join(include, 'torch/csrc/api/include/torch/all.h'));
  const asked = Number(header.match(/__cplusplus < (\d{6})L/)?.[1] ?? 0);
  return asked > 201703 ? 20 : 17;
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
