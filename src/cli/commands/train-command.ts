import { type ConfigSchema, resolveConfig } from '../../config/index.ts';
import type { TrainerHooks, TrainResult } from '../../trainers/index.ts';
import { type Command, configFlag, helpFlag, textFlag } from '../command.ts';
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
}

/** A training command: options from YAML and flags, a dry run, Ctrl-C that saves. */
export function trainCommand<Config>(
  schema: ConfigSchema,
  { dryRun, train }: TrainCommandParts<Config>,
): Command {
  const commandFlags = [configFlag, dryRunFlag, helpFlag];
  return {
    name: schema.name,
    summary: schema.summary,
    async run(argv) {
      const flags = parseFlags(argv, schema, commandFlags);
      if (flags.command['help']) {
        process.stdout.write(renderHelp(schema, { commandFlags }));
        return 0;
      }
      const yamlFile = textFlag(flags.command, 'config');
      const config = resolveConfig(schema, { yamlFile, flags: flags.options }) as Config;
      if (flags.command['dry_run']) {
        process.stdout.write(await dryRun(config));
        return 0;
      }
      return runToEnd((hooks) => train(config, hooks), { name: schema.name, yamlFile });
    },
  };
}

async function runToEnd(
  train: (hooks: TrainerHooks) => Promise<TrainResult>,
  { name, yamlFile }: { name: string; yamlFile: string | undefined },
): Promise<number> {
  const { signal, release } = abortOnInterrupt();
  try {
    const result = await train({ signal });
    const config = yamlFile === undefined ? '' : ` --config ${yamlFile}`;
    const resume = `npx laurel ${name}${config} --resume_from_checkpoint ${result.folder}`;
    console.error(describeEnd(result, resume));
    return result.outcome === 'interrupted' ? 130 : 0;
  } finally {
    release();
  }
}

function describeEnd({ outcome, step, folder, checkpoint }: TrainResult, resume: string): string {
  if (outcome === 'interrupted') {
    const saved =
      checkpoint === null ? 'Nothing was saved: no step had finished.' : `Go on with: ${resume}`;
    return `Interrupted after step ${step}; the run is in ${folder}. ${saved}`;
  }
  const model =
    checkpoint === null
      ? ''
      : ` The model is in ${checkpoint}; try it: npx laurel sample --model_name_or_path ${folder}`;
  return `Finished ${step} steps; the run is in ${folder}.${model}`;
}
