import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseBlas } from './blas.mjs';
import { buildAddon } from './build-addon.mjs';
import { compileTypescript } from './compile-typescript.mjs';
import { installDependencies } from './dependencies.mjs';
import { locateLibtorch } from './locate-libtorch.mjs';
import { SetupError, say, seconds } from './report.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Sets up a clone (npm packages, addon, `dist/`) or an installed package (the addon only). */
export async function main() {
  try {
    await setUp();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

async function setUp(env = process.env) {
  const started = performance.now();
  const isClone = existsSync(join(ROOT, 'tsconfig.build.json'));
  if (isClone) installDependencies(ROOT, env);
  const found = locateLibtorch({ env });
  const blas = chooseBlas(found.libtorch, env);
  const folder = resolve(ROOT, env.LAUREL_BUILD_DIR || join('native', 'build'));
  const { stamp, built } = await buildAddon({ root: ROOT, folder, found, blas, env });
  const compiled = isClone && compileTypescript(ROOT);
  if (built) report(stamp, folder);
  const { version, source, root } = stamp.libtorch;
  const done = built || compiled ? 'Set up' : 'Nothing to do';
  say(`${done} in ${seconds(started)}: libtorch ${version} of ${source} (${root}).`);
}

function report(stamp, folder) {
  say(`Built ${relative(process.cwd(), join(folder, 'laurel.node')) || 'laurel.node'}.`);
  const { kind, advice, loaded } = stamp.blas;
  if (kind === 'openblas-openmp' && loaded.some((path) => path.includes('pthread')))
    say(
      `Slow: ${loaded.join(', ')} was loaded although the openmp build is linked; see LD_LIBRARY_PATH.`,
    );
  if (advice) say(`Slow: ${advice}.`);
}
