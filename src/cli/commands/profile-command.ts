import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveConfig } from '../../config/index.ts';
import { ConfigError, EngineError } from '../../errors.ts';
import { startTrace, type Trace } from '../../tensor/index.ts';
import type { TrainerEvent } from '../../trainers/index.ts';
import { type Command, configFlag, helpFlag, refuseWords, textFlag } from '../command.ts';
import { type CommandFlag, parseFlags, renderHelp } from '../options/index.ts';
import { writeChromeTrace } from '../profile/chrome-trace.ts';
import { renderProfile } from '../profile/render-profile.ts';
import { summarizeProfile } from '../profile/summarize-profile.ts';
import { assertWritable } from '../writable-file.ts';
import type { TrainCommand } from './train-command.ts';

const stepsFlag: CommandFlag = {
  name: 'steps',
  kind: 'text',
  placeholder: 'N',
  description: 'Steps to profile; 3 unless given.',
};

const skipFlag: CommandFlag = {
  name: 'skip',
  kind: 'text',
  placeholder: 'N',
  description: 'Steps to run before, so that caches are warm; 2 unless given.',
};

const outFlag: CommandFlag = {
  name: 'out',
  kind: 'text',
  placeholder: 'FILE',
  description: 'Where the trace is written; trace.json unless given.',
};

/** Loads the trainers that can be profiled, by the name of their command. */
export type LoadTrainers = Readonly<Record<string, () => Promise<TrainCommand>>>;

function count(text: string | undefined, name: string, fallback: number, least: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new ConfigError(`--${name}: expected an integer of at least ${least}, found ${text}`);
}

const usage = (names: readonly string[]): string =>
  `Usage: laurel profile ${names.join('|')} [--steps N] [--skip N] [--out FILE] [options of the trainer]\nlaurel profile ${names[0]} --help lists them.\n`;

/** `laurel profile`: a few steps of a trainer, with a trace of what ran and a table of where the time went. */
export function profileCommand(trainers: LoadTrainers): Command {
  return {
    async run([name, ...argv]) {
      const names = Object.keys(trainers);
      if (name === '--help' || name === '-h' || name === 'help') {
        process.stdout.write(usage(names));
        return 0;
      }
      const load = name === undefined ? undefined : trainers[name];
      if (load === undefined) {
        const found = name === undefined ? 'nothing' : JSON.stringify(name);
        throw new ConfigError(
          `laurel profile: expected a trainer (${names.join(', ')}), found ${found}`,
        );
      }
      return profileTrainer(await load(), argv);
    },
  };
}

async function profileTrainer(command: TrainCommand, argv: readonly string[]): Promise<number> {
  const { schema } = command;
  const commandFlags = [configFlag, stepsFlag, skipFlag, outFlag, helpFlag];
  const flags = parseFlags(argv, schema, commandFlags);
  if (flags.command['help']) {
    process.stdout.write(renderHelp(schema, { commandFlags }));
    return 0;
  }
  refuseWords(`profile ${schema.name}`, flags.positionals);
  const text = (name: string) => textFlag(flags.command, name);
  const steps = count(text('steps'), 'steps', 3, 1);
  const skip = count(text('skip'), 'skip', 2, 0);
  const out = text('out') ?? 'trace.json';
  assertWritable('--out', out);
  const config = resolveConfig(schema, { yamlFile: text('config'), flags: flags.options });
  const trace = await takeTrace(command, config, { steps, skip });
  writeChromeTrace(out, trace, `laurel ${schema.name}`);
  process.stdout.write(`${renderProfile(summarizeProfile(trace))}\n${out}: ${seeIn}\n`);
  return 0;
}

const seeIn = 'open it in https://ui.perfetto.dev or chrome://tracing';

interface Stretch {
  readonly steps: number;
  readonly skip: number;
}

/** The real trainer, cut short: it evaluates nothing, saves once, at its end, and leaves no run behind. */
async function takeTrace(
  command: TrainCommand,
  config: object,
  { steps, skip }: Stretch,
): Promise<Trace> {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-profile-'));
  const maxSteps = skip + steps;
  let stop: (() => Trace) | undefined;
  let trace: Trace | undefined;
  const onEvent = (event: TrainerEvent): void => {
    const isWarm =
      (event.type === 'run-start' && skip === 0) ||
      (event.type === 'step-end' && event.step === skip);
    if (isWarm) stop = startTrace();
    if (event.type === 'run-end') trace = stop?.();
  };
  try {
    await command.train({ ...config, ...shortened(maxSteps, join(folder, 'run')) }, { onEvent });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (trace === undefined) throw new EngineError('profile', 'the run ended before it was profiled');
  return trace;
}

const shortened = (maxSteps: number, outputDir: string) => ({
  maxSteps,
  outputDir,
  runName: null,
  resumeFromCheckpoint: null,
  evalStrategy: 'no',
  evalOnStart: false,
  saveStrategy: 'steps',
  saveSteps: maxSteps,
  loadBestModelAtEnd: false,
});
