import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { copyResults } from './copy-results.mjs';
import { digest } from './object-cache.mjs';
import { replaceFolder } from './replace-folder.mjs';
import { SetupError, say } from './report.mjs';
import { run } from './run.mjs';

const STAMP = '.source-hash';

/** Compiles `src/` to `dist/` when it is not what `dist/` was compiled from. @returns whether it did. */
export function compileTypescript(root) {
  const hash = sourceHash(root);
  const dist = join(root, 'dist');
  const stamp = join(dist, STAMP);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return false;
  say('Compiling TypeScript to dist/ …');
  const fresh = join(root, `dist-${process.pid}`);
  try {
    mkdirSync(fresh, { recursive: true });
    const { ok, stdout, stderr } = tsc(root, fresh);
    if (!ok && readdirSync(fresh).length === 0) throw new SetupError(failure(stdout + stderr));
    copyResults(root, fresh);
    if (ok) writeFileSync(join(fresh, STAMP), hash);
    else say(`${stdout}${stderr}TypeScript reports errors; dist/ was written all the same.`);
    keepDashboard(dist, fresh);
    replaceFolder(dist, fresh);
    return true;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function tsc(root, outDir) {
  const require = createRequire(join(root, 'package.json'));
  const program = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  return run(process.execPath, [program, '-p', 'tsconfig.build.json', '--outDir', outDir], {
    cwd: root,
  });
}

/** The pages are built from other sources, by build-dashboard.mjs. */
function keepDashboard(dist, fresh) {
  const built = join(dist, 'dashboard');
  if (existsSync(built)) renameSync(built, join(fresh, 'dashboard'));
}

function sourceHash(root) {
  const files = readdirSync(join(root, 'src'), { recursive: true })
    .filter((name) => /\.[jt]s(on)?$/.test(name) && !name.endsWith('.test.ts'))
    .map((name) => join('src', name));
  const all = ['tsconfig.json', 'tsconfig.build.json', ...files.sort()];
  return digest(...all.flatMap((name) => [name, readFileSync(join(root, name), 'utf8')]));
}

const failure = (output) =>
  `TypeScript did not compile:\n${output}\nIf you changed src/, \`npm run types\` shows the errors.`;
