// The scripts that make golden values, how each is run, and which files it wrote.
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Every generator below a folder with its runs: test/golden/NAME/*.py, but for checks that tests call. */
export function listGenerators(golden) {
  return readdirSync(golden, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(golden, name)).map((file) => join(name, file)))
    .filter((file) => file.endsWith('.py') && !/(^|\/)check_/.test(file))
    .sort()
    .flatMap((file) =>
      runsOf(readFileSync(join(golden, file), 'utf8')).map((how) => ({ file, ...how })),
    );
}

/** Lines `# parity: ENVIRONMENT [ARGUMENT…]` of a script; without one it runs in transformers-5, without arguments. */
function runsOf(source) {
  const lines = [...source.matchAll(/^# parity: (\S+)(.*)$/gm)];
  if (lines.length === 0) return [{ environment: 'transformers-5', args: [] }];
  return lines.map(([, environment, rest]) => ({
    environment,
    args: rest.split(' ').filter((word) => word !== ''),
  }));
}

const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => !file.includes('__pycache__'));

const stampsOf = (folder) =>
  new Map(filesBelow(folder).map((file) => [file, statSync(file, { bigint: true }).mtimeNs]));

/** Saves the tokenizers made in TypeScript, which a generator reads, and returns their folder. */
export function saveTokenizers(golden, folder) {
  const script = join(golden, 'tokenizers', 'save-made-tokenizers.ts');
  execFileSync(process.execPath, ['--import', 'jiti/register', script, folder], {
    stdio: 'inherit',
  });
  return folder;
}

/** Runs one generator in a copy of the golden folder. @returns its error, and the files it wrote, relative to the copy. */
export function runGenerator(python, copy, { file, args }) {
  const before = stampsOf(copy);
  const env = {
    ...process.env,
    OMP_NUM_THREADS: '1',
    PYTHONHASHSEED: '0',
    PYTHONDONTWRITEBYTECODE: '1',
    CUDA_VISIBLE_DEVICES: '',
  };
  const path = join(copy, file);
  const { status, stderr, error } = spawnSync(python, [path, ...args], {
    cwd: dirname(path),
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const written = [...stampsOf(copy)].filter(([name, stamp]) => before.get(name) !== stamp);
  return {
    error:
      error?.message ??
      (status === 0 ? undefined : stderr.trimEnd().split('\n').slice(-6).join('\n')),
    written: written.map(([name]) => relative(copy, name)).sort(),
  };
}
