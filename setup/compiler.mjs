import { dirname } from 'node:path';
import { SetupError } from './report.mjs';
import { run } from './run.mjs';

const SYSTEM_INCLUDES = new Set(['/usr/include', '/usr/local/include']);

/** The C++ compiler: `CXX`, else g++ (clang++ on macOS), with its version as identity. */
export function findCompiler(env = process.env) {
  const fallback = process.platform === 'darwin' ? 'clang++' : 'g++';
  const [program, ...args] = (env.CXX || fallback).trim().split(/\s+/);
  const { ok, stdout } = run(program, [...args, '--version'], { env });
  if (ok) return { program, args, version: stdout.split('\n')[0].trim() };
  throw new SetupError(
    `Laurel builds a small C++ addon and needs a compiler; \`${program}\` does not run. Install one:
  Debian, Ubuntu   sudo apt-get install g++
  Fedora           sudo dnf install gcc-c++
  macOS            xcode-select --install
or name yours in CXX.`,
  );
}

/** Whether the compiler shares libtorch's OpenMP: clang and macOS bring another runtime, whose threads would compete. */
export const sharesOpenmp = ({ version }) =>
  process.platform === 'linux' && !version.includes('clang');

/** Flags that compile against `libtorch`. */
export function compileFlags(libtorch, compiler = findCompiler()) {
  const abi = libtorch.cxx11Abi;
  return [
    `-std=c++${libtorch.cxxStandard}`,
    '-O2',
    '-fno-math-errno',
    // Else compilers keep a choice between two numbers as a branch, and vectorise no loop that has one.
    '-fno-trapping-math',
    '-fPIC',
    '-fexceptions',
    '-Wall',
    ...(sharesOpenmp(compiler) ? ['-fopenmp'] : []),
    // libtorch's own builds define it, and some of its structures have one member less with it.
    '-DNDEBUG',
    '-DNAPI_VERSION=8',
    '-DNODE_GYP_MODULE_NAME=laurel',
    ...(abi === null ? [] : [`-D_GLIBCXX_USE_CXX11_ABI=${abi ? 1 : 0}`]),
    ...libtorch.includes
      .filter((path) => !SYSTEM_INCLUDES.has(path))
      .flatMap((path) => ['-isystem', path]),
  ];
}

/** Flags that link the objects into an addon which finds its libraries by itself. */
export function linkFlags(libtorch, blas, compiler = findCompiler()) {
  const names = ['torch', 'torch_cpu', 'c10'];
  for (const name of libtorch.accelerators) names.push(`torch_${name}`, `c10_${name}`);
  const rpaths = [...(blas.folder ? [blas.folder] : []), libtorch.lib];
  const openmp = sharesOpenmp(compiler) ? [libtorch.openmp ?? '-lgomp'] : [];
  if (libtorch.openmp && dirname(libtorch.openmp) !== libtorch.lib)
    rpaths.push(dirname(libtorch.openmp));
  return [
    ...(process.platform === 'darwin'
      ? ['-bundle', '-undefined', 'dynamic_lookup']
      : ['-shared', '-Wl,--no-as-needed', '-Wl,--enable-new-dtags']),
    ...blas.libraries,
    ...openmp,
    `-L${libtorch.lib}`,
    ...names.map((name) => `-l${name}`),
    ...rpaths.map((path) => `-Wl,-rpath,${path}`),
  ];
}

const HINTS = [
  [
    /cc1plus.*[Kk]illed|[Kk]illed.*cc1plus|out of memory/,
    'The compiler ran out of memory: set LAUREL_JOBS=1, or free some.',
  ],
  [
    /unrecognized command.line option .-std=/,
    'This compiler is too old for this libtorch: name a newer one in CXX.',
  ],
  [/No space left on device/, 'The disk is full.'],
  [
    /fatal error: \S*(torch|ATen|c10)\//,
    'The headers of this libtorch are incomplete: install it again.',
  ],
  [
    /cannot open shared object file/,
    'This libtorch needs the library named above, which is not installed: with pip, install torch together with its dependencies.',
  ],
  [
    /undefined symbol|undefined reference|cannot find -l/,
    'The headers and libraries of this libtorch do not belong together, or it was built by another compiler: install it again or choose another.',
  ],
];

/** What to do about a failed build, from what the compiler said. */
export function adviceFor(output) {
  const hint = HINTS.find(([pattern]) => pattern.test(output))?.[1];
  const general =
    'To build against another libtorch, set LIBTORCH to its folder and run setup again.';
  return hint ? `${hint}\n${general}` : general;
}
