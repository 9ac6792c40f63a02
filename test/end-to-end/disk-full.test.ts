/** A run on a file system that fills up: a small tmpfs, which only root may mount. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { workplace } from '../support/laurel-command.ts';
import { checkpointBytes, metricLines, timelessLines } from '../support/run-files.ts';

const { laurel, path, write } = workplace();
const disk = path('disk');

/** Mounts a file system of a few megabytes; false where that is not allowed. */
function mountDisk(): boolean {
  mkdirSync(disk, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk], { stdio: 'ignore' });
    afterAll(() => execFileSync('umount', [disk]));
    return true;
  } catch {
    return false;
  }
}

const isMounted = mountDisk();
if (!isMounted) console.warn('disk-full tests are skipped: mounting a tmpfs needs root');

const command = ['grpo', '--config', 'grpo.yaml', '--max_steps', '8'].concat(
  // Exact matches are too rare to move a weight.
  ['--reward_funcs', './held.mjs#letters'],
);
/**
 * Share of letters. While a file `hold` lies beside it, the completions of step 6 wait for it to go,
 * so that the disk is full from the same moment on in every run of the tests.
 */
const heldReward = `import { existsSync } from 'node:fs';
const hold = new URL('hold', import.meta.url);
let calls = 0;
export async function letters(completion) {
  calls += 1;
  while (calls > 5 * 8 && existsSync(hold)) await new Promise((resolve) => setTimeout(resolve, 5));
  return completion.length === 0 ? 0 : completion.match(/[a-z]|$/gi).length / completion.length;
}
`;

const straight = (async () => {
  if (!isMounted) return;
  write('held.mjs', heldReward);
  const { code, stderr } = await laurel([...command, '--output_dir', 'straight']);
  expect(code, stderr).toBe(0);
})();

/** Leaves only so many bytes free on the small disk. */
function fillDisk(freeBytes: number): void {
  const [, , , free] = execFileSync('df', ['--output=source,size,used,avail', '-B1', disk])
    .toString()
    .split('\n')[1]!
    .split(/\s+/);
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(Math.max(0, Number(free) - freeBytes)));
}

/** Trains on the small disk, fills that after step 5, and goes on when there is room again. */
async function runOutOfSpace(name: string, freeBytes: number) {
  const run = join(disk, name);
  write('hold', '');
  let before: Record<string, string> | undefined;
  const full = await laurel([...command, '--output_dir', run], {
    onStderr: (text) => {
      if (before !== undefined || !text.includes('step 5/')) return;
      before = checkpointBytes(run, 4);
      fillDisk(freeBytes);
      rmSync(path('hold'));
    },
  });
  rmSync(join(disk, 'ballast'));
  expect(checkpointBytes(run, 4)).toEqual(before);
  expect(existsSync(join(run, 'run.lock'))).toBe(false);
  expect(full.stderr).not.toMatch(/^\s+at /m);
  const logged = metricLines(run).length;
  const freed = await laurel([...command, '--resume_from_checkpoint', run]);
  expect(freed.code, freed.stderr).toBe(0);
  expect(checkpointBytes(run, 8)).not.toEqual(before);
  expect(checkpointBytes(run, 8)).toEqual(checkpointBytes(path('straight'), 8));
  expect(timelessLines(run)).toEqual(timelessLines(path('straight')));
  for (const step of [5, 6, 7, 8]) {
    const records = `completions/step_0000${step}.jsonl`;
    expect(readFileSync(join(run, records))).toEqual(readFileSync(path('straight', records)));
  }
  rmSync(run, { recursive: true });
  return { full, logged };
}

test.runIf(isMounted)(
  'a disk that is full at a checkpoint: the one before stays whole, and is gone on from',
  async () => {
    await straight;
    // Room for records and metrics, not for a checkpoint of some 300 kB.
    const { full, logged } = await runOutOfSpace('checkpoint', 100_000);
    expect(full.code, full.stderr).toBe(1);
    expect(full.stderr).toMatch(
      /checkpoint-6 could not be saved in .*no space left on device.*the newest whole checkpoint is .*checkpoint-4\. Free disk space or lower save_total_limit, then resume/,
    );
    // Steps 5 and 6 were made and logged.
    expect(logged).toBe(6);
  },
);

test.runIf(isMounted)(
  'a disk without any room: the run says which file, and goes on when there is room again',
  async () => {
    await straight;
    const { full } = await runOutOfSpace('records', 0);
    expect(full.code, full.stderr).toBe(1);
    expect(full.stderr).toMatch(
      /cannot be written: the disk is full .*; free disk space, then resume the run|checkpoint-6 could not be saved/,
    );
  },
);
