import { type ConfigSchema, resolveConfig, toYaml } from '../../config/index.ts';
import type { TrainerHooks, TrainResult } from '../../trainers/index.ts';
import { type Command, configFlag, helpFlag, refuseWords, textFlag } from '../command.ts';
import { abortOnInterrupt } from '../interruption.ts';
import { type CommandFlag, parseFlags, renderHelp } from '../options/index.ts';

const dryRunFlag: CommandFlag = {
  name: 'dry_run',
  kind: 'boolean',
  description: 'Print the numbers that follow from the options, try the first rows, and stop.',
};

/** What a training command does with a resolved configuration. */
export interface TrainCommandParts<Config> {
  readonly dryRun: (config: Config) => Promise<string>;
  readonly train: (config: Config, hooks: TrainerHooks) => Promise<TrainResult>;
  /** What to do next with the model in a run's folder; a policy is tried. */
  readonly useIt?: (folder: string) => string;
}

/** A training command, and the trainer behind it. */
export interface TrainCommand extends Command {
  readonly schema: ConfigSchema;
  /** Trains with a resolved configuration of `schema`. */
  readonly train: (config: object, hooks: TrainerHooks) => Promise<TrainResult>;
}

/** A training command: options from YAML and flags, a dry run, Ctrl-C that saves. */
export function trainCommand<Config>(
  schema: ConfigSchema,
  { dryRun, train, useIt = tryIt }: TrainCommandParts<Config>,
): TrainCommand {
  const commandFlags = [configFlag, dryRunFlag, helpFlag];
  return {
    schema,
    train: (config, hooks) => train(config as Config, hooks),
    async run(argv) {
      const flags = parseFlags(argv, schema, commandFlags);
      if (flags.command['help']) {
        process.stdout.write(renderHelp(schema, { commandFlags }));
        return 0;
      }
      refuseWords(schema.name, flags.positionals);
      const yamlFile = textFlag(flags.command, 'config');
      const config = resolveConfig(schema, { yamlFile, flags: flags.options }) as Config;
      if (flags.command['dry_run']) {
        process.stdout.write(await dryRun(config));
        return 0;
      }
      const configYaml = toYaml(config as object as Record<string, unknown>, schema);
      const begin = (hooks: TrainerHooks) => train(config, { ...hooks, configYaml });
      return runToEnd(begin, [schema.name, ...argv], useIt);
    },
  };
}

/**
 * Runs training to its end, or until Ctrl-C, and says how it ended and how to go on.
 * @param words - Of the command line, after `laurel`.
 * @param withoutRun - What to say where making the model took no run.
 */
export async function runToEnd(
  train: (hooks: TrainerHooks) => Promise<TrainResult | null>,
  words: readonly string[],
  useIt: (folder: string) => string,
  withoutRun = '',
): Promise<number> {
  const { signal, release } = abortOnInterrupt('saving a checkpoint');
  try {
    const result = await train({ signal });
    if (result === null) {
      console.error(withoutRun);
      return 0;
    }
    console.error(describeEnd(result, resumeCommand(words, result), useIt));
    return result.outcome === 'interrupted' ? 130 : 0;
  } finally {
    release();
  }
}

/** A word as a shell reads it back. */
export const shellWord = (word: string): string =>
  /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** The command line that goes on: the same words, with the run to resume at the end, where it wins. */
const resumeCommand = (words: readonly string[], { folder }: TrainResult): string =>
  ['npx laurel', ...[...words, '--resume_from_checkpoint', folder].map(shellWord)].join(' ');

const tryIt = (folder: string): string =>
  `try it: npx laurel sample --model_name_or_path ${shellWord(folder)}`;

function describeEnd(
  { outcome, step, folder, checkpoint, stop }: TrainResult,
  resume: string,
  useIt: (folder: string) => string,
): string {
  if (outcome === 'interrupted') {
    const saved =
      checkpoint === null ? 'Nothing was saved: no step had finished.' : `Go on with: ${resume}`;
    return `Interrupted after step ${step}; the run is in ${folder}. ${saved}`;
  }
  const model = checkpoint === null ? '' : ` The model is in ${checkpoint}; ${useIt(folder)}`;
  const end =
    stop === undefined ? `Finished ${step} steps` : `Stopped early at step ${step}: ${stop.reason}`;
  return `${end}; the run is in ${folder}.${model}`;
}
