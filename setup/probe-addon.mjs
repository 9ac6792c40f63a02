import { run } from './run.mjs';

const SCRIPT = `
const { existsSync, readFileSync } = require('node:fs');
require(process.argv[1]);
const maps = existsSync('/proc/self/maps') ? readFileSync('/proc/self/maps', 'utf8') : '';
const libraries = [...new Set(maps.match(/\\/\\S+\\.so[.\\d]*$/gm))];
process.stdout.write(JSON.stringify(libraries.filter((path) => /blas|mkl_core|mkl_rt|lapack/.test(path))));
process.exit(0);
`;

/** Loads an addon in a process of its own. @returns `{ ok, blas }`, the BLAS libraries that came with it, or `{ ok: false, error }`. */
export function probeAddon(path, env = process.env) {
  const { ok, status, stdout, stderr } = run(process.execPath, ['-e', SCRIPT, path], { env });
  if (ok) return { ok, blas: JSON.parse(stdout) };
  const reason = stderr.match(/^Error: (.*)$/m)?.[1] ?? stderr.trim();
  return { ok: false, error: reason || `node stopped with status ${status}` };
}
