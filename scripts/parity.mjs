// npm run parity: rebuilds the golden values with the real peers in pinned Python environments and says what changed.
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareFiles } from './parity/compare.mjs';
import { environmentNames, prepareEnvironment } from './parity/environments.mjs';
import { listGenerators, runGenerator, saveTokenizers } from './parity/generators.mjs';

const usage = `npm run parity [-- options]
  --only TEXT          only generators whose path holds TEXT; may be given several times
  --python NAME=PATH   the interpreter of an environment (${environmentNames.join(', ')}) instead of a pinned one
  --skip NAME          leave out what runs in an environment
  --write              record what changed
Exit code: 0 nothing changed, 1 recorded values changed, 2 something could not be run.`;

const golden = fileURLToPath(new URL('../test/golden', import.meta.url));
/** Changes listed of one file. */
const SHOWN = 8;

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      python: { type: 'string', multiple: true, default: [] },
      skip: { type: 'string', multiple: true, default: [] },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const pythons = new Map(values.python.map((each) => each.split(/=(.*)/s).slice(0, 2)));
  for (const name of [...pythons.keys(), ...values.skip])
    if (!environmentNames.includes(name))
      throw new Error(`no environment ${name}; there are ${environmentNames.join(', ')}`);
  return { ...values, pythons };
}

/** Interpreters by environment, each prepared when it is first asked for. */
function interpreters(pythons) {
  const known = new Map(pythons);
  return (name) => {
    if (!known.has(name)) known.set(name, prepareEnvironment(name));
    return known.get(name);
  };
}

/** Compares what a generator wrote with what is recorded. @returns how many values changed. */
function report(copy, written, write) {
  let changed = 0;
  for (const file of written) {
    const recorded = join(golden, file);
    if (!existsSync(recorded)) {
      console.log(`  ${file}: is not recorded`);
      changed++;
    } else {
      const { values, changes } = compareFiles(recorded, join(copy, file));
      const count = values.toLocaleString('en-US');
      console.log(
        `  ${file}: ${count} values, ${changes.length === 0 ? 'unchanged' : `${changes.length} changed`}`,
      );
      for (const change of changes.slice(0, SHOWN)) console.log(`    ${change}`);
      changed += changes.length;
      if (changes.length === 0) continue;
    }
    if (write) cpSync(join(copy, file), recorded);
  }
  return changed;
}

/** Runs one generator and tells what came of it. */
function rebuild(generator, { workspace, interpreterOf, write }) {
  const { file, environment } = generator;
  const copy = join(workspace, 'golden');
  console.log(`${file} (${environment})`);
  const args = generator.args.map((arg) =>
    arg === '{tokenizers}' ? saveTokenizers(golden, join(workspace, 'tokenizers')) : arg,
  );
  const { error, written } = runGenerator(interpreterOf(environment), copy, { file, args });
  if (error !== undefined) {
    console.log(`  failed:\n${error.replace(/^/gm, '    ')}`);
    return { failed: 1, changed: 0 };
  }
  if (written.length === 0) {
    console.log('  wrote nothing');
    return { failed: 1, changed: 0 };
  }
  return { failed: 0, changed: report(copy, written, write) };
}

function main() {
  const { only, skip, pythons, write, help } = readOptions();
  if (help) {
    console.log(usage);
    return 0;
  }
  const generators = listGenerators(golden)
    .filter(({ file }) => only.length === 0 || only.some((text) => file.includes(text)))
    .filter(({ environment }) => !skip.includes(environment));
  if (generators.length === 0) throw new Error(`no generator's path holds ${only.join(' or ')}`);
  const interpreterOf = interpreters(pythons);
  for (const name of new Set(generators.map(({ environment }) => environment))) interpreterOf(name);
  const workspace = mkdtempSync(join(tmpdir(), 'laurel-parity-'));
  try {
    cpSync(golden, join(workspace, 'golden'), { recursive: true });
    const results = generators.map((each) => rebuild(each, { workspace, interpreterOf, write }));
    const sum = (key) => results.reduce((total, result) => total + result[key], 0);
    const [failed, changed] = [sum('failed'), sum('changed')];
    console.log(
      `${results.length} runs, ${failed} failed; ${changed} values changed${write && changed > 0 ? ' and recorded' : ''}.`,
    );
    return failed > 0 ? 2 : changed > 0 ? 1 : 0;
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
