import { nearestName, readYamlFile, resolveConfig, toYaml } from '../../config/index.ts';
import { ConfigError } from '../../errors.ts';
import { loadRecommendationData } from '../../recommendation/load-recommendation-data.ts';
import type { TrainerHooks } from '../../trainers/index.ts';
import { type Command, configFlag, helpFlag, refuseWords, textFlag } from '../command.ts';
import { runToEnd, shellWord } from '../commands/train-command.ts';
import { parseFlags, renderHelp } from '../options/index.ts';
import { trainMethods } from './train/methods.ts';
import type { MethodConfig, TrainMethod } from './train/train-method.ts';

const usage = 'laurel recommend train DATA --method METHOD --out FOLDER [--option value …]';
const commandFlags = [configFlag, helpFlag];

/** The value of a flag that must be known before the rest is read. */
function flagOf(argv: readonly string[], name: string): string | undefined {
  const inline = argv.find((word) => word.startsWith(`--${name}=`));
  if (inline !== undefined) return inline.slice(name.length + 3);
  const place = argv.lastIndexOf(`--${name}`);
  return place < 0 ? undefined : argv[place + 1];
}

/** Which method the words, or the YAML file they name, ask for. @throws ConfigError for an unknown one. */
function methodName(argv: readonly string[]): string {
  const file = flagOf(argv, 'config');
  const name = flagOf(argv, 'method') ?? (file && readYamlFile(file)['method']) ?? 'supervised';
  if (typeof name === 'string' && Object.hasOwn(trainMethods, name)) return name;
  const names = Object.keys(trainMethods);
  const nearest = nearestName(String(name), names);
  const meant = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  throw new ConfigError(
    `method: no way of training is called ${JSON.stringify(name)}.${meant} There is ${names.join(', ')}.`,
  );
}

function help(method: TrainMethod): string {
  const width = Math.max(...Object.keys(trainMethods).map(({ length }) => length));
  const list = Object.entries(trainMethods).map(
    ([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`,
  );
  return `${renderHelp(method.schema, { commandFlags, usage })}\nMethods; --method NAME --help shows the options of one:\n${list.join('\n')}\n`;
}

async function train(
  source: string,
  method: TrainMethod,
  config: MethodConfig,
  words: readonly string[],
) {
  const data = await loadRecommendationData(source);
  const configYaml = toYaml(config as object as Record<string, unknown>, method.schema);
  const evaluate = `measure it: npx laurel recommend evaluate ${shellWord(config.out)} --data ${shellWord(source)}`;
  const begin = (hooks: TrainerHooks) => method.train(config, data, { ...hooks, configYaml });
  return runToEnd(begin, words, () => evaluate, `The recommender is in ${config.out}; ${evaluate}`);
}

/** `laurel recommend train` */
export const trainRecommenderCommand: Command = {
  async run(argv) {
    const method = await trainMethods[methodName(argv)]!.load();
    const { schema } = method;
    const flags = parseFlags(argv, schema, commandFlags);
    if (flags.command['help']) {
      process.stdout.write(help(method));
      return 0;
    }
    const [source, ...words] = flags.positionals;
    if (source === undefined)
      throw new ConfigError(`laurel recommend train: say which data to train on: ${usage}`);
    refuseWords('recommend train', words);
    const yamlFile = textFlag(flags.command, 'config');
    const config = resolveConfig(schema, { yamlFile, flags: flags.options });
    return train(source, method, config as object as MethodConfig, ['recommend', 'train', ...argv]);
  },
};
