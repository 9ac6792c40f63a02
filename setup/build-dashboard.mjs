import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { digest } from './object-cache.mjs';
import { replaceFolder } from './replace-folder.mjs';
import { say } from './report.mjs';
import { run } from './run.mjs';

const STAMP = '.source-hash';

/**
 * Builds the pages of `laurel dashboard` to `dist/dashboard` when they are not what it was built from. Training needs
 * none of it, so what is missing or fails is said and set-up goes on. @returns whether it built them.
 */
export function buildDashboard(root) {
  const source = join(root, 'dashboard');
  if (!existsSync(source)) return false;
  const outDir = join(root, 'dist', 'dashboard');
  const stamp = join(outDir, STAMP);
  const hash = sourceHash(root, source);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return false;
  const program = vite(root);
  if (program === undefined) {
    say('The dashboard was not built: vite is missing (npm ci without --omit=dev installs it).');
    return false;
  }
  say('Building the dashboard to dist/dashboard/ …');
  return build(root, { program, outDir, stamp, hash });
}

function build(root, { program, outDir, stamp, hash }) {
  const fresh = join(root, `dist-dashboard-${process.pid}`);
  try {
    const args = [program, 'build', 'dashboard', '--outDir', fresh, '--logLevel', 'warn'];
    const { ok, stdout, stderr } = run(process.execPath, args, { cwd: root });
    if (!ok) {
      say(`${stdout}${stderr}The dashboard was not built (vite's message is above).`);
      return false;
    }
    replaceFolder(outDir, fresh);
    writeFileSync(stamp, hash);
    return true;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function vite(root) {
  try {
    const require = createRequire(join(root, 'package.json'));
    return join(dirname(require.resolve('vite/package.json')), 'bin', 'vite.js');
  } catch {
    return undefined; // Installed without devDependencies.
  }
}

function sourceHash(root, source) {
  const files = readdirSync(source, { recursive: true })
    .filter((name) => /\.\w+$/.test(name) && !/\.test\.tsx?$/.test(name))
    .map((name) => join(source, name))
    .sort();
  const versions = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies;
  const parts = files.flatMap((file) => [file.slice(root.length), readFileSync(file, 'utf8')]);
  return digest(JSON.stringify(versions ?? {}), ...parts);
}
