import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError, say } from './report.mjs';
import { runVisibly } from './run.mjs';

/** Runs `npm ci` when `node_modules` is missing or is not what a newer `package-lock.json` asks. */
export function installDependencies(root, env = process.env) {
  if (isInstalled(root)) return;
  say('Installing npm packages (npm ci) …');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  if (runVisibly('npm', args, { cwd: root, env })) return;
  throw new SetupError(
    'npm ci failed (its message is above). If it could not reach the registry, run setup again ' +
      'when it can; if package.json and package-lock.json disagree, run npm install.',
  );
}

function isInstalled(root) {
  const wanted = join(root, 'package-lock.json');
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  if (statSync(wanted).mtimeMs <= statSync(installed).mtimeMs) return true;
  return sameVersions(packagesOf(wanted), packagesOf(installed));
}

/** A fresh checkout is newer without being different, so the versions themselves are compared. */
function sameVersions(wanted, installed) {
  const required = Object.entries(wanted).filter(([path, entry]) => path && !entry.optional);
  return (
    required.every(([path, entry]) => installed[path]?.version === entry.version) &&
    Object.keys(installed).every((path) => path in wanted)
  );
}

function packagesOf(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
}
