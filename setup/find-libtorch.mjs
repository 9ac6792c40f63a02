import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLayout } from './libtorch-layout.mjs';
import { SetupError } from './report.mjs';
import { run } from './run.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const SYSTEM_PREFIXES = [
  '/usr',
  '/usr/local',
  '/opt/homebrew/opt/pytorch',
  '/usr/local/opt/pytorch',
];
const FIND_SPEC =
  'import importlib.util as u; s = u.find_spec("torch"); print((s and s.origin) or "")';

/**
 * Looks for libtorch: `LIBTORCH`, then the PyTorch of `python3` (found without importing it), then
 * the system's.
 * @returns `{ libtorch, source, passedOver }`; `libtorch` is undefined when there is none, and
 * `passedOver` says in words what was found but cannot be used.
 */
export function findLibtorch({ env = process.env, systemPrefixes = SYSTEM_PREFIXES } = {}) {
  if (env.LIBTORCH) return fromEnvironment(env.LIBTORCH);
  const passedOver = [];
  for (const { source, folder } of candidates(env, systemPrefixes)) {
    const { libtorch, problem } = readLayout(folder);
    if (libtorch) return { libtorch, source, passedOver };
    if (source !== 'system' || existsSync(`${folder}/include/torch`))
      passedOver.push(`${source}: ${folder}: ${problem}`);
  }
  return { passedOver };
}

function fromEnvironment(folder) {
  const { libtorch, problem } = readLayout(folder);
  if (libtorch) return { libtorch, source: 'LIBTORCH', passedOver: [] };
  throw new SetupError(
    `LIBTORCH=${folder} cannot be used: ${problem}.\n` +
      'Point it at an unzipped libtorch or at a torch Python package (both hold include/ and lib/), ' +
      'or unset it to let setup look elsewhere.',
  );
}

function* candidates(env, systemPrefixes) {
  const origin = run('python3', ['-c', FIND_SPEC], { env, cwd: HERE });
  const path = origin.ok ? origin.stdout.trim() : '';
  if (path) yield { source: 'python3', folder: dirname(path) };
  for (const folder of systemPrefixes) yield { source: 'system', folder };
}
