import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { latestCheckpoint } from 'laurel/checkpoints';
import { compareRuns, type RunComparison } from './compare-runs.ts';
import { drawKillMoments, type KillMoment } from './kill-moments.ts';
import { storeResult } from './results.ts';
import { startTraining } from './training-process.ts';

/** Odd, so that checkpoints fall between the two updates of a generation too. */
const SAVE_STEPS = 5;

/** What a process was doing when it was killed, by what it told last and what lies on disk. */
type Doing = 'starting' | 'sampling or scoring' | 'updating' | 'saving' | 'between steps';

interface Kill extends KillMoment {
  readonly doing: Doing;
  /** Of the last step it told of. */
  readonly step: number;
}

interface Attempt {
  /** Undefined where it ended before its moment came. */
  readonly kill: Kill | undefined;
  readonly code: number | null;
  readonly errors: string;
}

/** Folders of saves that did not finish; each is cleared by the next save. */
const halfSaves = (run: string): string[] => {
  const folder = join(run, 'checkpoints');
  return existsSync(folder) ? readdirSync(folder).filter((name) => /\.tmp-/.test(name)) : [];
};

/** Trains until the moment comes or the run ends. */
async function attempt(run: string, maxSteps: number, moment?: KillMoment): Promise<Attempt> {
  let doing: Doing = 'starting';
  let step = 0;
  let killed = false;
  const halfBefore = halfSaves(run);
  const seen = { spawn: 0, 'run-start': 0, 'step-start': 0, 'save-start': 0 };
  const tell = (what: keyof typeof seen) => {
    seen[what] += 1;
    if (moment?.after !== what || moment.count !== seen[what]) return;
    setTimeout(() => {
      killed = child.kill('SIGKILL');
    }, moment.delayMs);
  };
  const { child, ended } = startTraining({
    folder: run,
    maxSteps,
    saveSteps: SAVE_STEPS,
    onMessage: (message) => {
      if (killed || !('step' in message)) return;
      step = message.step;
      if (message.type === 'run-start' || message.type === 'checkpoint-end')
        doing = 'between steps';
      if (message.type === 'step-start') doing = 'sampling or scoring';
      if (message.type === 'rollout-end') doing = 'updating';
      const saves = message.type === 'step-end' && step % SAVE_STEPS === 0;
      if (message.type === 'step-end') doing = saves ? 'saving' : 'between steps';
      if (saves) tell('save-start');
      if (message.type === 'run-start' || message.type === 'step-start') tell(message.type);
    },
  });
  tell('spawn');
  const { code, signal, errors } = await ended;
  if (signal !== 'SIGKILL') return { kill: undefined, code, errors };
  if (halfSaves(run).some((name) => !halfBefore.includes(name))) doing = 'saving';
  return { kill: { ...moment!, doing, step }, code, errors };
}

function printKill(number: number, { aim, doing, step }: Kill, from: number): void {
  console.log(`| ${number} | ${from} | ${aim} | ${doing} | ${step} |`);
}

/** Kills and resumes one run until it ends or the moments are used up. @returns the kills. */
async function harassedRun(
  run: string,
  maxSteps: number,
  moments: KillMoment[],
  done: number,
): Promise<Kill[]> {
  const kills: Kill[] = [];
  rmSync(run, { recursive: true, force: true });
  for (;;) {
    const from = latestCheckpoint(join(run, 'checkpoints'))?.step ?? 0;
    // Killed before its first checkpoint, a run has nothing to resume and starts anew.
    if (from === 0) rmSync(run, { recursive: true, force: true });
    const { kill, code, errors } = await attempt(run, maxSteps, moments[0]);
    if (kill === undefined) {
      if (code === 0) return kills;
      throw new Error(`training ended with ${code}: ${errors}`);
    }
    moments.shift();
    kills.push(kill);
    printKill(done + kills.length, kill, from);
  }
}

const countBy = (kills: readonly Kill[], key: 'doing' | 'aim'): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const kill of kills) counts[kill[key]] = (counts[kill[key]] ?? 0) + 1;
  return counts;
};

export interface SoakKillsOptions {
  readonly kills: number;
  readonly seed: number;
  readonly maxSteps: number;
  readonly results: string;
}

/** `npm run soak -- --kills 30`: SIGKILL at random moments, each resumed; the files must be those of a run left alone. */
export async function soakKills(
  folder: string,
  { kills, seed, maxSteps, results }: SoakKillsOptions,
): Promise<boolean> {
  const straight = join(folder, 'straight');
  rmSync(straight, { recursive: true, force: true });
  const { code, errors } = await attempt(straight, maxSteps);
  if (code !== 0) throw new Error(`the run left alone ended with ${code}: ${errors}`);
  const moments = drawKillMoments(kills, seed);
  const all: Kill[] = [];
  const comparisons: RunComparison[] = [];
  console.log('| kill | resumed from step | aimed at | was | step |\n|---|---|---|---|---|');
  while (moments.length > 0) {
    const run = join(folder, `killed-${comparisons.length + 1}`);
    all.push(...(await harassedRun(run, maxSteps, moments, all.length)));
    comparisons.push(compareRuns(straight, run));
  }
  for (const { filesCompared, differing } of comparisons) {
    const verdict = differing.length === 0 ? 'all the same' : `differing: ${differing.join(', ')}`;
    console.log(`a killed run against the one left alone: ${filesCompared} files, ${verdict}`);
  }
  const counts = { was: countBy(all, 'doing'), aimed: countBy(all, 'aim') };
  for (const [what, of] of Object.entries(counts)) {
    const listed = Object.entries(of).map(([name, count]) => `${count} ${name}`);
    console.log(`${what}: ${listed.join(', ')}`);
  }
  storeResult(results, 'kills', { kills: all.length, seed, maxSteps, counts, comparisons });
  return comparisons.every(({ differing }) => differing.length === 0);
}
