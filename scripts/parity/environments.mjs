// Python environments with exactly the packages that test/golden/requirements/*.txt pin, made once and kept.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const requirementsOf = (name) => join(root, 'test', 'golden', 'requirements', `${name}.txt`);

/** Names of the environments, which are those of their requirement files. */
export const environmentNames = ['transformers-5', 'transformers-4'];

const folderOf = (name) => join(root, 'node_modules', '.cache', 'laurel-parity', name);

const run = (command, args) =>
  execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });

/** A Python that the pinned packages have been made for. */
function findPython() {
  const wanted = process.env.PYTHON ?? 'python3';
  const check = 'import sys, venv; sys.exit(sys.version_info < (3, 11))';
  try {
    execFileSync(wanted, ['-c', check], { stdio: 'ignore' });
    return wanted;
  } catch (cause) {
    throw new Error(
      `${wanted} is not Python 3.11 or later with venv; install it (apt-get install python3-venv), or name one in PYTHON`,
      { cause },
    );
  }
}

/** The interpreter of an environment, which is made where it is missing or its requirements have changed. */
export function prepareEnvironment(name) {
  const requirements = requirementsOf(name);
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const folder = folderOf(name);
  const stamp = join(folder, 'requirements.sha256');
  const python = join(folder, 'bin', 'python');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  console.log(`making ${folder} from ${requirements}`);
  rmSync(folder, { recursive: true, force: true });
  run(findPython(), ['-m', 'venv', folder]);
  try {
    run(python, ['-m', 'pip', 'install', '--quiet', '-r', requirements]);
  } catch (cause) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(
      `pip could not install ${requirements} from where its configuration points (pip config list); see docs/parity.md`,
      { cause },
    );
  }
  writeFileSync(stamp, wanted);
  return python;
}
