import { resolveConfig } from '../../config/index.ts';
import { ConfigError } from '../../errors.ts';
import { isRecommendationData, writeRecommendationData } from '../../recommendation/data-folder.ts';
import {
  type LoadRecommendationOptions,
  prepareSource,
} from '../../recommendation/load-recommendation-data.ts';
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
  if (isRecommendationData(source))
    throw new ConfigError(
      `laurel recommend prepare: ${source} is prepared already; give the log that it was made of`,
    );
  const { data, report } = await prepareSource(source, sourceOptions(config));
  writeRecommendationData(config.out, data, report);
  process.stdout.write(`${renderPrepared(data, report)}\nWritten to ${config.out}\n`);
  return 0;
}

const sourceOptions = (config: PrepareConfig): LoadRecommendationOptions => ({
  name: config.name ?? undefined,
  items: config.items ?? undefined,
  index: config.index ?? undefined,
  columns: {
    user: config.userColumn ?? undefined,
    item: config.itemColumn ?? undefined,
    time: config.timeColumn ?? undefined,
  },
  itemColumns: {
    item: config.itemKeyColumn ?? undefined,
    title: config.titleColumn ?? undefined,
    text: config.textColumns ?? undefined,
  },
  split: config.split,
  minUserEvents: config.minUserEvents,
  minItemEvents: config.minItemEvents,
  repeats: config.repeats,
  maxHistory: config.maxHistory ?? undefined,
  untakenItems: config.keepUntakenItems ? 'kept' : 'left out',
  requireTitle: config.requireTitle,
  requireSemanticId: config.requireSemanticId,
});
