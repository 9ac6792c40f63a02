import { resolveConfig } from '../../config/index.ts';
import { ConfigError } from '../../errors.ts';
import { writeRecommendationData } from '../../recommendation/data-folder.ts';
import { prepareFolder } from '../../recommendation/load-recommendation-data.ts';
import type { PrepareOptions } from '../../recommendation/prepare-log.ts';
import { type Command, configFlag, helpFlag, refuseWords, textFlag } from '../command.ts';
import { parseFlags, renderHelp } from '../options/index.ts';
import { type PrepareConfig, prepareConfig } from './prepare-config.ts';
import { renderPrepared } from './render-prepared.ts';

const usage = 'laurel recommend prepare SOURCE --out FOLDER [--option value …]';

/** `laurel recommend prepare` */
export const prepareCommand: Command = {
  async run(argv) {
    const commandFlags = [configFlag, helpFlag];
    const flags = parseFlags(argv, prepareConfig, commandFlags);
    if (flags.command['help']) {
      process.stdout.write(renderHelp(prepareConfig, { commandFlags, usage }));
      return 0;
    }
    const [source, ...words] = flags.positionals;
    if (source === undefined)
      throw new ConfigError(`laurel recommend prepare: say which log to read: ${usage}`);
    refuseWords('recommend prepare', words);
    const yamlFile = textFlag(flags.command, 'config');
    return prepare(source, resolveConfig(prepareConfig, { yamlFile, flags: flags.options }));
  },
};

async function prepare(source: string, config: PrepareConfig): Promise<number> {
  const { data, report } = await prepareFolder(source, {
    ...prepareOptions(config),
    name: config.name ?? undefined,
    index: config.index ?? undefined,
  });
  writeRecommendationData(config.out, data, report);
  process.stdout.write(renderPrepared(data, report));
  process.stdout.write(`\nWritten to ${config.out}\n`);
  return 0;
}

const prepareOptions = (config: PrepareConfig): PrepareOptions => ({
  split: config.split,
  minUserEvents: config.minUserEvents,
  minItemEvents: config.minItemEvents,
  repeats: config.repeats,
  maxHistory: config.maxHistory ?? undefined,
  untakenItems: config.keepUntakenItems ? 'kept' : 'left out',
  requireTitle: config.requireTitle,
  requireSemanticId: config.requireSemanticId,
});
