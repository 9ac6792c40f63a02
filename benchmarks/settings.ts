import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Setting, type SideName, scrubbedEnvironment } from './side.ts';

const fileAt = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const paths = (text: string | undefined): string[] => text?.split(':').filter(Boolean) ?? [];

/** `LAUREL_BENCH_THREADS` (counts joined by colons), else one thread, and one for each core. */
export const threadCounts = process.env['LAUREL_BENCH_THREADS']
  ? paths(process.env['LAUREL_BENCH_THREADS']).map(Number)
  : [...new Set([1, availableParallelism()])];

const onThreads = (count: number): string => `${count} thread${count === 1 ? '' : 's'}`;

/** Where Debian keeps the builds of BLAS that its libtorch can run on; the OpenMP one suits it best. */
function blasFolders(): string[] {
  const kinds = ['openblas-openmp', 'openblas-pthread', 'blis-openmp', 'blis-pthread', 'atlas'];
  return ['x86_64', 'aarch64']
    .flatMap((machine) => kinds.map((kind) => `/usr/lib/${machine}-linux-gnu/${kind}`))
    .filter((folder) => existsSync(`${folder}/libblas.so.3`));
}

/** What an interpreter can run. */
interface Interpreter {
  readonly program: string;
  /** It brings a BLAS of its own. */
  readonly hasMkl: boolean;
  readonly hasTransformers: boolean;
  readonly hasTrl: boolean;
}

const PROBE = `
import importlib.util, json, torch
has = lambda name: importlib.util.find_spec(name) is not None
print(json.dumps({'hasMkl': torch.backends.mkl.is_available(),
                  'hasTransformers': has('transformers'), 'hasTrl': has('trl')}))`;

function probe(program: string): Interpreter[] {
  const environment = scrubbedEnvironment();
  const { status, stdout } = spawnSync(program, ['-c', PROBE], {
    env: environment,
    encoding: 'utf8',
  });
  return status === 0 ? [{ program, ...(JSON.parse(stdout) as Omit<Interpreter, 'program'>) }] : [];
}

let found: Interpreter[] | undefined;

/** Those of `LAUREL_BENCH_PYTHON` (paths joined by colons), else of the usual names, that have PyTorch. */
function interpreters(): Interpreter[] {
  const named = paths(process.env['LAUREL_BENCH_PYTHON']);
  found ??= (named.length > 0 ? named : ['python3', '/usr/bin/python3']).flatMap(probe);
  return found;
}

function pythonSettings(
  side: SideName,
  name: string,
  interpreter: Interpreter,
  more: readonly string[] = [],
): Setting[] {
  const folders = interpreter.hasMkl ? [] : blasFolders();
  return (folders.length > 0 ? folders : [undefined]).flatMap((folder) =>
    threadCounts.map((threads) => ({
      label: `${name} on ${onThreads(threads)}`,
      side,
      program: interpreter.program,
      args: [fileAt(`${side}_side.py`), String(threads), ...more],
      environment: { ...scrubbedEnvironment(), LD_LIBRARY_PATH: folder },
      isDefault: true,
    })),
  );
}

const withEachCache = (side: SideName, name: string, interpreter: Interpreter): Setting[] =>
  ['dynamic', 'static'].flatMap((cache) => pythonSettings(side, name, interpreter, [cache]));

/** The addon as set-up builds it, and those of `LAUREL_BENCH_BUILDS` (folders joined by colons). */
function engineSettings(side: SideName): Setting[] {
  const folders = [undefined, ...paths(process.env['LAUREL_BENCH_BUILDS'])];
  return folders.flatMap((folder) =>
    threadCounts.map((threads) => ({
      label: `Laurel on ${onThreads(threads)}`,
      side,
      program: process.execPath,
      args: [
        '--expose-gc',
        '--import',
        'jiti/register',
        fileAt(`${side}-side.ts`),
        String(threads),
      ],
      environment: { ...scrubbedEnvironment(), LAUREL_BUILD_DIR: folder },
      isDefault: folder === undefined,
    })),
  );
}

/** Every way to run this engine here: each build with each number of threads. */
export const laurelSettings = (): Setting[] => engineSettings('laurel');

/** This engine and PyTorch on one device, in every arithmetic that trains in bfloat16. */
function deviceSettings(side: 'laurel-gpu' | 'pytorch-gpu', options: readonly string[]): Setting[] {
  const common = { side, environment: scrubbedEnvironment(), isDefault: true };
  if (side === 'laurel-gpu') {
    const folder = process.env['LAUREL_BUILD_DIR'];
    const file = fileAt('gpu/laurel-side.ts');
    return [
      {
        ...common,
        label: 'Laurel',
        program: process.execPath,
        args: ['--import', 'jiti/register', file, ...options],
        environment: { ...common.environment, LAUREL_BUILD_DIR: folder },
      },
    ];
  }
  return interpreters().flatMap(({ program }) =>
    ['masters', 'autocast', 'pure'].map((arithmetic) => ({
      ...common,
      label: 'PyTorch',
      program,
      args: [fileAt('gpu/pytorch_side.py'), ...options, arithmetic],
    })),
  );
}

let deviceOptions: readonly string[] = ['cuda', 'qwen2-0.5b'];

/** Sets the device and the size of model that children on devices are started with. */
export function useDevice(device: string, size: string): void {
  deviceOptions = [device, size];
}

/** Every way to run one program here. */
export function settingsOf(side: SideName): Setting[] {
  switch (side) {
    case 'laurel':
    case 'laurel-grpo':
      return engineSettings(side);
    case 'laurel-gpu':
    case 'pytorch-gpu':
      return deviceSettings(side, deviceOptions);
    case 'pytorch':
      return interpreters().flatMap((python) => pythonSettings(side, 'PyTorch', python));
    case 'transformers':
      return interpreters()
        .filter(({ hasTransformers }) => hasTransformers)
        .flatMap((python) => withEachCache(side, 'transformers', python));
    case 'trl':
      return interpreters()
        .filter(({ hasTrl }) => hasTrl)
        .flatMap((python) => withEachCache(side, 'TRL', python));
  }
}
