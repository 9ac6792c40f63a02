import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Check, check } from './check.ts';
import { readSystemFile } from './machine.ts';

/** What set-up wrote beside the addon about how it was built; setup/build-addon.mjs writes it. */
export interface BuildStamp {
  readonly libtorch: {
    readonly root: string;
    readonly version: string;
    /** Where set-up found it, in its order of search. */
    readonly source: 'LIBTORCH' | 'python3' | 'system';
    /** libstdc++'s `std::string`: the C++11 one, the older one, or null where there is no choice. */
    readonly cxx11Abi: boolean | null;
    readonly accelerators: readonly string[];
  };
  readonly blas: { readonly kind: string; readonly advice?: string };
  readonly compiler: string;
  readonly builtAt: string;
}

const SOURCES = { LIBTORCH: 'LIBTORCH', python3: 'the PyTorch of python3', system: 'the system' };
const REBUILD = 'run `npm run setup` in a clone, `npx laurel setup` elsewhere';

/** Reads the stamp of the addon in use; undefined when it was not built by set-up. */
export function readBuildStamp(): BuildStamp | undefined {
  const { LAUREL_BUILD_DIR } = process.env;
  const folder = LAUREL_BUILD_DIR
    ? resolve(LAUREL_BUILD_DIR)
    : fileURLToPath(new URL('../../../native/build', import.meta.url));
  const text = readSystemFile(join(folder, 'build.json'));
  return text === '' ? undefined : (JSON.parse(text) as BuildStamp);
}

/** libtorch's version and origin, and the C++ ABI and compiler of the addon. */
export function checkBuild(stamp: BuildStamp | undefined): Check[] {
  if (!stamp) return [check('libtorch', 'unknown: no build.json beside the addon', REBUILD)];
  const { root, version, source, cxx11Abi } = stamp.libtorch;
  const abi = { true: 'C++11 strings', false: 'strings from before C++11', null: 'only one' };
  return [
    check('libtorch', `${version}, from ${SOURCES[source]} (${root})`),
    check('C++ ABI', abi[`${cxx11Abi}`]),
    check('addon', `built ${stamp.builtAt.slice(0, 10)} by ${stamp.compiler}`),
  ];
}
