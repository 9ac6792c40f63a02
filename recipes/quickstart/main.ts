/**
 * Trains a small transformer from scratch: supervised on worked examples, half of which have mistakes in them, then by
 * reinforcement learning from a reward that only checks the answer.
 *   npm run quickstart
 *   npm run quickstart -- --seed 1 --control     another seed, and more supervision for the same time beside it
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { OnTrainerEvent } from 'laurel';
import { renderCurveSvg } from 'laurel/runs';
import {
  accuracyOf,
  answerHeldOut,
  drawTask,
  newPolicy,
  reinforce,
  supervise,
  type Task,
} from './phases.ts';
import { describeAnswers, percent } from './report.ts';
import { supervised } from './settings.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '0' }, control: { type: 'boolean', default: false } },
});
const seed = Number(values.seed);

/** Held-out accuracy by seconds of training; time spent measuring it does not count. */
class Curve {
  readonly points: [seconds: number, accuracy: number][] = [];
  #measuring = 0;
  readonly #start = performance.now();

  get seconds(): number {
    return (performance.now() - this.#start) / 1000 - this.#measuring;
  }

  add(accuracy: number): void {
    this.points.push([this.seconds, accuracy]);
  }

  readonly onEvent: OnTrainerEvent = (event) => {
    if (event.type !== 'evaluation-end') return;
    this.#measuring += event.metrics.eval_runtime ?? 0;
    this.add(event.metrics.eval_accuracy ?? Number.NaN);
  };
}

/** Trains both phases and measures them; the curve counts training time only. */
async function learn(task: Task, curve: Curve) {
  const policy = newPolicy(seed);
  const options = { policy, seed, onEvent: curve.onEvent };
  console.error('Phase 1 of 2, supervised: learning to write what the pupils wrote');
  await supervise(task, { ...options, runName: `quickstart-supervised-${stamp}` });
  const before = await accuracyOf(task, policy);
  const switched = curve.seconds;
  console.error(`held-out accuracy after supervision: ${percent(before)}`);
  console.error('Phase 2 of 2, reinforcement: practising without solutions, marked right or wrong');
  const { folder, checkpoint } = await reinforce(task, {
    ...options,
    runName: `quickstart-${stamp}`,
  });
  return { policy, before, switched, folder, checkpoint, after: await accuracyOf(task, policy) };
}

/** More of the same supervision, on the same examples, for as long as both phases took. */
async function superviseLonger(task: Task, seconds: number, stepsPerSecond: number) {
  const curve = new Curve();
  const policy = newPolicy(seed);
  const maxSteps = Math.ceil(seconds * stepsPerSecond);
  console.error(
    `Control: the same supervision for ${seconds.toFixed(0)} s, about ${maxSteps} steps`,
  );
  await supervise(task, {
    policy,
    seed,
    onEvent: curve.onEvent,
    runName: `quickstart-control-${stamp}`,
    maxSteps,
  });
  return { accuracy: await accuracyOf(task, policy), curve };
}

const stamp = new Date()
  .toISOString()
  .replace(/[-:]|\..*/g, '')
  .replace('T', '-');
const task = drawTask(seed);
const curve = new Curve();
const { policy, before, switched, folder, checkpoint, after } = await learn(task, curve);
const seconds = curve.seconds;
const control = values.control
  ? await superviseLonger(task, seconds, supervised.maxSteps / switched)
  : undefined;

mkdirSync(folder, { recursive: true });
const chart = join(folder, 'curve.svg');
writeFileSync(
  chart,
  renderCurveSvg({
    title: 'Held-out accuracy: supervision, then reinforcement',
    xLabel: 'seconds of training',
    yLabel: 'right answers',
    yRange: [0, 1],
    yFormat: 'percent',
    marks: [{ x: switched, label: 'reinforcement begins' }],
    series: [
      { name: 'supervision, then reinforcement', points: curve.points },
      ...(control
        ? [{ name: 'supervision only', points: control.curve.points, isDashed: true }]
        : []),
    ],
  }),
);
const result = { seed, before, after, seconds, control: control?.accuracy ?? null };
writeFileSync(
  join(folder, 'quickstart.json'),
  `${JSON.stringify({ ...result, curve: curve.points, controlCurve: control?.curve.points ?? null }, null, 2)}\n`,
);

console.log(`
${describeAnswers(await answerHeldOut(task, policy), 6)}

Held-out accuracy   after supervision   ${percent(before)}
                    after reinforcement ${percent(after)}${control ? `\n                    supervision only    ${percent(control.accuracy)}, same examples and time` : ''}
Training took ${seconds.toFixed(0)} s. The run is in ${folder}, its curve in ${chart}.

What to try next:
  npx laurel sample --model_name_or_path ${folder} --prompt "3-5+9="
  npx laurel runs show ${folder}
  npm run quickstart -- --seed 1 --control
  recipes/own-data-own-reward.ts      your own rows and your own reward
`);
if (checkpoint === null) process.exitCode = 1;
