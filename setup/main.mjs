import { relative } from 'node:path';
import { chooseBlas } from './blas.mjs';
import { buildAddon } from './build-addon.mjs';
import { buildDashboard } from './build-dashboard.mjs';
import { compileTypescript } from './compile-typescript.mjs';
import { installDependencies } from './dependencies.mjs';
import { locateLibtorch } from './locate-libtorch.mjs';
import { addonPath, buildFolder, isClone, ROOT } from './paths.mjs';
import { SetupError, say, seconds } from './report.mjs';

const SOURCES = { LIBTORCH: 'LIBTORCH', python3: "python3's PyTorch", system: 'the system' };

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
  const clone = isClone();
  if (clone) installDependencies(ROOT, env);
  const found = locateLibtorch({ env });
  const blas = chooseBlas(found.libtorch, env);
  const folder = buildFolder(env);
  const { stamp, built } = await buildAddon({ root: ROOT, folder, found, blas, env });
  const compiled = clone && compileTypescript(ROOT);
  const pages = clone && buildDashboard(ROOT);
  if (built) report(stamp, env);
  const { version, source, root } = stamp.libtorch;
  const done = built || compiled || pages ? 'Set up' : 'Nothing to do';
  say(`${done} in ${seconds(started)}: libtorch ${version} from ${SOURCES[source]} (${root}).`);
}

function report(stamp, env) {
  say(`Built ${relative(process.cwd(), addonPath(env))}.`);
  const { kind, advice, loaded } = stamp.blas;
  if (kind === 'openblas-openmp' && loaded.some((path) => path.includes('pthread')))
    say(
      `Slow: ${loaded.join(', ')} was loaded although the openmp build is linked; see LD_LIBRARY_PATH.`,
    );
  if (advice) say(`Slow: ${advice}.`);
}
