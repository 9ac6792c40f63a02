import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Ended, workplace } from '../support/laurel-command.ts';
import { checkpointBytes, checkpointSteps, timelessLines } from '../support/run-files.ts';

const { laurel, path } = workplace();

const options = {
  sft: { max_steps: 10, save_steps: 2 },
  grpo: {
    max_steps: 10,
    save_steps: 2,
    steps_per_generation: 2,
    num_iterations: 2,
    gradient_accumulation_steps: 1,
    beta: 0.1,
    top_k: 50,
    // Exact matches are too rare to move a weight.
    reward_funcs: './letters.mjs#letters',
  },
};

type Trainer = keyof typeof options;

const commandOf = (trainer: Trainer): string[] => {
  const flags = Object.entries(options[trainer]).flatMap(([key, value]) => [
    `--${key}`,
    `${value}`,
  ]);
  return [trainer, '--config', `${trainer}.yaml`, ...flags];
};

/** Runs a command and sends it a signal as soon as it has reported a step. */
async function stopAt(step: number, args: string[], signal: NodeJS.Signals): Promise<Ended> {
  let sent = false;
  return laurel(args, {
    onStderr: (text, child) => {
      if (sent || !text.includes(`step ${step}/`)) return;
      sent = true;
      child.kill(signal);
    },
  });
}

/** The words of a command that was printed for a person to type. */
const typed = (command: string): string[] =>
  command
    .split(' ')
    .slice(2)
    .map((word) => word.replaceAll("'", ''));

for (const trainer of ['sft', 'grpo'] as const) {
  test(`${trainer}: killed at a random step or stopped by Ctrl-C and resumed, a run ends in the same bits`, async () => {
    const command = commandOf(trainer);
    const straight = await laurel([...command, '--output_dir', `${trainer}-straight`]);
    expect(straight.code, straight.stderr).toBe(0);

    const step = randomInt(3, 8);
    const killedRun = [...command, '--output_dir', `${trainer}-killed`];
    const killed = await stopAt(step, killedRun, 'SIGKILL');
    expect(killed.signal, `at step ${step}: ${killed.stderr}`).toBe('SIGKILL');
    const resumed = await laurel([...killedRun, '--resume_from_checkpoint', 'true']);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toMatch(/10 steps, going on from step \d/);

    const stopped = await stopAt(3, [...command, '--output_dir', `${trainer}-stopped`], 'SIGINT');
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(stopped.stderr).toMatch(/Stopping: saving a checkpoint/);
    const [, said] = /Go on with: (npx laurel .*)/.exec(stopped.stderr) ?? [];
    const [done] = checkpointSteps(path(`${trainer}-stopped`)).slice(-1);
    expect(stopped.stderr).toContain(`Interrupted after step ${done};`);
    const continued = await laurel(typed(said!));
    expect(continued.code, continued.stderr).toBe(0);

    const expected = path(`${trainer}-straight`);
    expect(checkpointBytes(expected, 10)).not.toEqual(checkpointBytes(expected, 8));
    for (const run of [path(`${trainer}-killed`), path(`${trainer}-stopped`)]) {
      expect(checkpointBytes(run, 10), `killed at ${step}`).toEqual(checkpointBytes(expected, 10));
      expect(timelessLines(run), `killed at ${step}`).toEqual(timelessLines(expected));
    }
  });
}

test('the resume command repeats the options, quoted for a shell', async () => {
  const first = [
    'grpo',
    '--config',
    'grpo.yaml',
    '--stop_strings',
    "it's",
    '--output_dir',
    'quoted',
  ];
  const stopped = await stopAt(1, first, 'SIGTERM');
  expect(stopped.code, stopped.stderr).toBe(130);
  expect(stopped.stderr).toContain(
    `Go on with: npx laurel grpo --config grpo.yaml --stop_strings 'it'\\''s' --output_dir quoted --resume_from_checkpoint quoted`,
  );
});
