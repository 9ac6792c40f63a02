import { existsSync, readdirSync } from 'node:fs';
import { z } from 'zod';
import { type ConfigOf, configGroup, defineConfig, resolveConfig } from '../../config/index.ts';
import { ConfigError } from '../../errors.ts';
import { modelOptions } from '../../trainers/config/index.ts';
import { type Command, configFlag, helpFlag, refuseWords, textFlag } from '../command.ts';
import { parseFlags, renderHelp } from '../options/index.ts';
import { resolvePolicy } from '../resolve/resolve-policy.ts';

/** What `laurel merge` reads. */
export const mergeConfig = defineConfig({
  name: 'merge',
  summary: 'Add adapters to the weights below them and save a plain model folder.',
  groups: {
    model: modelOptions,
    merged: configGroup('Merged model', {
      outputDir: z.string().min(1).describe('Folder of the merged model; new or empty.'),
    }),
  },
});

function assertFresh(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  throw new ConfigError(`output_dir: ${folder} is not empty; name a new folder`);
}

async function merge(config: ConfigOf<typeof mergeConfig>): Promise<string> {
  if (config.modelNameOrPath === null)
    throw new ConfigError('model_name_or_path: required: an adapter folder, or a run that has one');
  assertFresh(config.outputDir);
  const policy = await resolvePolicy({ ...config, seed: 0 }, { trainable: false });
  if (policy.model.adapters === undefined)
    throw new ConfigError(
      `model_name_or_path: ${config.modelNameOrPath} is a whole model; there is nothing to merge`,
    );
  policy.merged({ trainable: false }).save(config.outputDir);
  return `The merged model is in ${config.outputDir}.\n`;
}

/** `laurel merge` */
export const mergeCommand: Command = {
  async run(argv) {
    const commandFlags = [configFlag, helpFlag];
    const flags = parseFlags(argv, mergeConfig, commandFlags);
    if (flags.command['help']) {
      const usage = 'laurel merge --model_name_or_path ADAPTERS --output_dir FOLDER';
      process.stdout.write(renderHelp(mergeConfig, { commandFlags, usage }));
      return 0;
    }
    refuseWords(mergeConfig.name, flags.positionals);
    const yamlFile = textFlag(flags.command, 'config');
    const config = resolveConfig(mergeConfig, { yamlFile, flags: flags.options });
    process.stdout.write(await merge(config));
    return 0;
  },
};
