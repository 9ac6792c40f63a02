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
import { availableParallelism, freemem } from 'node:os';
import { join } from 'node:path';
import { adviceFor, compileFlags, findCompiler, linkFlags } from './compiler.mjs';
import { digest, isCached, objectCache, pruneCache } from './object-cache.mjs';
import { probeAddon } from './probe-addon.mjs';
import { SetupError, say, seconds } from './report.mjs';
import { run, runAsync } from './run.mjs';

const COMPILE_BYTES = 1.2e9;
const SHOWN_LINES = 60;
const UNITS = 2;

/**
 * Compiles `native/*.cc` and links `laurel.node` beside a stamp, `build.json`, that says what it was
 * built from; does nothing when the stamp already says the same.
 * @returns `{ stamp, built }`
 */
export async function buildAddon({ root, folder, found, blas, env = process.env }) {
  const plan = planBuild({ root, folder, libtorch: found.libtorch, blas, env });
  const previous = readStamp(folder);
  if (previous?.hash === plan.hash && existsSync(plan.addon)) {
    if (previous.libtorch.source === found.source) return { stamp: previous, built: false };
    return { stamp: writeStamp(folder, { ...previous, libtorch: named(found) }), built: false };
  }
  mkdirSync(folder, { recursive: true });
  rmSync(plan.log, { force: true });
  await compileAll(plan, found.libtorch);
  const probe = link(plan);
  const stamp = writeStamp(folder, {
    hash: plan.hash,
    libtorch: named(found),
    blas: { ...blas, loaded: probe.blas },
    compiler: plan.compiler.version,
    flags: plan.flags,
    builtAt: new Date().toISOString(),
  });
  return { stamp, built: true };
}

const named = ({ libtorch, source }) => ({ ...libtorch, source });

function planBuild({ root, folder, libtorch, blas, env }) {
  const native = join(root, 'native');
  const names = readdirSync(native).sort();
  const text = (name) => readFileSync(join(native, name), 'utf8');
  const headers = names.filter((name) => name.endsWith('.h'));
  const nodeHeaders = nodeHeaderFolder(root);
  const compiler = findCompiler(env);
  const flags = compileFlags(libtorch, compiler);
  const common = digest(
    JSON.stringify([compiler, flags, libtorch.version, libtorch.fingerprint]),
    readFileSync(join(nodeHeaders, 'js_native_api.h'), 'utf8'),
    ...headers.flatMap((name) => [name, text(name)]),
  );
  const cache = objectCache(join(folder, 'objects'), env);
  const units = splitIntoUnits(names.filter((name) => name.endsWith('.cc'))).map((files) => {
    const key = digest(common, ...files.flatMap((name) => [name, text(name)]));
    return { files, key, object: join(cache, `${key}.o`) };
  });
  const linking = linkFlags(libtorch, blas, compiler);
  const hash = digest(JSON.stringify(linking), ...units.map((unit) => unit.key));
  const at = { addon: join(folder, 'laurel.node'), log: join(folder, 'build.log') };
  return { ...at, native, nodeHeaders, cache, compiler, flags, units, linking, hash, env };
}

/**
 * Reading libtorch's headers takes nine tenths of compiling a file, so files are compiled as a few
 * units that include them: all of native/ in the time of three files. Names in unnamed namespaces
 * must therefore differ between files.
 */
function splitIntoUnits(files) {
  const perUnit = Math.ceil(files.length / UNITS);
  return Array.from({ length: UNITS }, (_, unit) =>
    files.slice(unit * perUnit, (unit + 1) * perUnit),
  ).filter((unit) => unit.length > 0);
}

function nodeHeaderFolder(root) {
  try {
    const require = createRequire(join(root, 'package.json'));
    return require('node-api-headers').include_dir;
  } catch (cause) {
    throw new SetupError(
      'The npm package node-api-headers is missing: run npm install and then setup again.',
      { cause },
    );
  }
}

async function compileAll(plan, libtorch) {
  const missing = plan.units.filter((unit) => !isCached(unit.object));
  if (missing.length === 0) return;
  const jobs = jobCount(plan.env, missing.length);
  say(`Compiling the C++ addon against libtorch ${libtorch.version} (half a minute, once) …`);
  const started = performance.now();
  const queue = [...missing];
  const failures = [];
  const work = async () => {
    for (let unit = queue.shift(); unit && failures.length === 0; unit = queue.shift())
      await compile(plan, unit).catch((error) => failures.push(error));
  };
  await Promise.all(Array.from({ length: jobs }, work));
  if (failures.length > 0) throw failures[0];
  pruneCache(plan.cache);
  say(`Compiled in ${seconds(started)}.`);
}

function jobCount(env, units) {
  const asked = Number(env.LAUREL_JOBS);
  const fitting = Math.min(availableParallelism(), Math.floor(freemem() / COMPILE_BYTES));
  return Math.min(units, asked >= 1 ? Math.floor(asked) : Math.max(1, fitting));
}

async function compile({ compiler, flags, nodeHeaders, native, env, log }, unit) {
  const partial = `${unit.object}.${process.pid}`;
  const source = unit.files.map((name) => `#include "${name}"\n`).join('');
  const args = [...compiler.args, ...flags, `-I${nodeHeaders}`, '-iquote', native];
  args.push('-x', 'c++', '-c', '-', '-o', partial);
  const { ok, output } = await runAsync(compiler.program, args, { env, input: source });
  if (ok) return renameSync(partial, unit.object);
  rmSync(partial, { force: true });
  const command = ['echo', `'${source.replaceAll('\n', '\\n')}'`, '|', compiler.program, ...args];
  throw buildError(`native/ does not compile`, command, output, log);
}

/** Links beside the present addon and replaces it by rename, once it has proved to load. */
function link({ addon, compiler, units, linking, env, log }) {
  const partial = `${addon}.${process.pid}.node`;
  const objects = units.map((unit) => unit.object);
  const args = [...compiler.args, '-o', partial, ...objects, ...linking];
  try {
    const { ok, stdout, stderr } = run(compiler.program, args, { env });
    const command = [compiler.program, ...args];
    if (!ok) throw buildError('The addon does not link', command, stdout + stderr, log);
    const probe = probeAddon(partial, env);
    if (!probe.ok) throw buildError('The addon does not load', command, probe.error, log);
    renameSync(partial, addon);
    return probe;
  } finally {
    rmSync(partial, { force: true });
  }
}

function buildError(what, command, output, log) {
  writeFileSync(log, `${command.join(' ')}\n\n${output}\n`);
  const lines = output.trimEnd().split('\n');
  const shown = lines.slice(0, SHOWN_LINES).join('\n');
  const rest = lines.length > SHOWN_LINES ? `\n… ${lines.length - SHOWN_LINES} more lines` : '';
  return new SetupError(
    `${what}:\n${shown}${rest}\n\n${adviceFor(output)}\nThe command and its whole output: ${log}`,
  );
}

function readStamp(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'build.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

function writeStamp(folder, stamp) {
  const path = join(folder, 'build.json');
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(stamp, null, 2)}\n`);
  renameSync(`${path}.${process.pid}`, path);
  return stamp;
}
