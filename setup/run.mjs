import { spawn, spawnSync } from 'node:child_process';

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs a program to its end. @returns `{ ok, status, stdout, stderr }`; a missing program is not ok. */
export function run(program, args = [], options = {}) {
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT_BYTES,
    ...options,
  });
  const ok = error === undefined && status === 0;
  return { ok, status, stdout: stdout ?? '', stderr: (stderr ?? '') + (error?.message ?? '') };
}

/** Runs a program with this terminal as its output. @returns whether it succeeded. */
export function runVisibly(program, args, options = {}) {
  return run(program, args, { stdio: 'inherit', ...options }).ok;
}

/** Runs a program beside others, with `input` to read. @returns a promise of `{ ok, output }`. */
export function runAsync(program, args, { input = '', ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, options);
    let output = '';
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}
