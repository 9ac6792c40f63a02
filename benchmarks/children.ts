// The children that work is measured in: started when first needed, one after another so that none disturbs another.
import { setTimeout as pause } from 'node:timers/promises';
import { settingsOf } from './settings.ts';
import { type Description, Side, type SideName, type Task, type Timing } from './side.ts';
import { median } from './table.ts';

/** Idle threads of the side that has just worked spin for up to 200 ms. */
const PAUSE_MILLISECONDS = 250;
const TRIALS = 2;
/** A setting this much slower than the best at its first trial is not tried again. */
const HOPELESS = 1.6;
/** The same at the warm-up, where allocators and caches are cold. */
const HOPELESS_COLD = 3;

export interface Running extends Description {
  readonly side: Side;
}

export const nameOf = ({ side, torch, blas, core, threads, libraries }: Running): string => {
  const program = side.setting.label.split(' ')[0];
  const parts = [libraries, `torch ${torch}`, `${blas} ${core}`.trim(), `${threads} threads`];
  return `${program}: ${parts.filter(Boolean).join(', ')}`.replace(/\b1 threads/, '1 thread');
};

const started = new Map<SideName, Promise<Running[]>>();

async function start(name: SideName): Promise<Running[]> {
  const sides = settingsOf(name).map((setting) => new Side(setting));
  const running = await Promise.all(
    sides.map(async (side) => ({ ...(await side.describe()), side })),
  );
  for (const child of running) console.log(nameOf(child));
  return running;
}

/** The children of one program. @throws Error with what a child printed when it cannot start. */
export function childrenOf(name: SideName): Promise<Running[]> {
  const running = started.get(name) ?? start(name);
  started.set(name, running);
  return running;
}

export async function allChildren(): Promise<Running[]> {
  return (await Promise.all(started.values())).flat();
}

export async function stopChildren(): Promise<void> {
  for (const { side } of await allChildren()) side.stop();
}

/** Asks a child once the threads of the one before have come to rest. */
export async function ask<Answer = Timing>({ side }: Running, task: Task): Promise<Answer> {
  await pause(PAUSE_MILLISECONDS);
  return side.ask<Answer>(task);
}

/** Each child's median seconds for a task after a warm-up, or the warm-up's for one that was far too slow there. */
async function trials(children: readonly Running[], task: Task): Promise<number[]> {
  const times = children.map(() => [] as number[]);
  // The first run warms caches and allocators.
  const first: number[] = [];
  for (const child of children) first.push((await ask(child, task)).wall);
  const limit = HOPELESS_COLD * Math.min(...first);
  for (let trial = 0; trial < TRIALS; trial++) {
    const best = Math.min(...times.flat());
    for (const [index, child] of children.entries()) {
      const [warm] = times[index]!;
      if (first[index]! > limit || (warm !== undefined && warm > HOPELESS * best)) continue;
      times[index]!.push((await ask(child, task)).wall);
    }
  }
  return times.map((list, index) => (list.length > 0 ? median(list) : first[index]!));
}

/** A child that was chosen, and what its like took on other numbers of threads. */
export interface Choice {
  readonly child: Running;
  readonly warning: string;
}

/** What to say where more threads made work slower, as they do when others need the processors. */
export function threadWarning(trials: readonly { threads: number; seconds: number }[]): string {
  const one = trials.find(({ threads }) => threads === 1);
  const slower = trials.find(
    ({ threads, seconds }) => one && threads > 1 && seconds > one.seconds * 1.3,
  );
  if (one === undefined || slower === undefined) return '';
  const times = (slower.seconds / one.seconds).toFixed(1);
  return `${slower.threads} threads took ${times} times as long as one: the processors may be shared with others`;
}

/** The child with the least median time for a task. */
export async function fastest(children: readonly Running[], task: Task): Promise<Choice> {
  if (children.length === 1) {
    await ask(children[0]!, task);
    return { child: children[0]!, warning: '' };
  }
  const seconds = await trials(children, task);
  const child = children[seconds.indexOf(Math.min(...seconds))]!;
  const alike = children.flatMap(({ threads, torch, blas, libraries }, index) =>
    torch === child.torch && blas === child.blas && libraries === child.libraries
      ? { threads, seconds: seconds[index]! }
      : [],
  );
  const warning = threadWarning(alike);
  return { child, warning: warning && `${child.side.setting.side}: ${warning}` };
}
