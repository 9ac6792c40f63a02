import type { ConfigOf } from '../../config/index.ts';
import { resolveConfig } from '../../config/index.ts';
import { ConfigError } from '../../errors.ts';
import { type Answer, AnswerDesk, assertSameItems } from '../../recommendation/answer-desk.ts';
import {
  type LoadedRecommender,
  loadRecommendationData,
  loadRecommender,
} from '../../recommendation/index.ts';
import { userHistories } from '../../recommendation/user-histories.ts';
import { type Command, configFlag, helpFlag, textFlag } from '../command.ts';
import { parseFlags, renderHelp } from '../options/index.ts';
import { recommendConfig } from './answer-config.ts';
import { oneWord } from './one-word.ts';

type RecommendConfig = ConfigOf<typeof recommendConfig>;

const usage = 'laurel recommend recommend MODEL --user USER --data FOLDER | --history KEY,KEY,…';

/** `laurel recommend recommend` */
export const recommendCommand: Command = {
  async run(argv) {
    const commandFlags = [configFlag, helpFlag];
    const flags = parseFlags(argv, recommendConfig, commandFlags);
    if (flags.command['help']) {
      process.stdout.write(renderHelp(recommendConfig, { commandFlags, usage }));
      return 0;
    }
    const folder = oneWord(flags.positionals, 'which recommender to ask', usage);
    const yamlFile = textFlag(flags.command, 'config');
    const config = resolveConfig(recommendConfig, { yamlFile, flags: flags.options });
    const loaded = loadRecommender(folder, { leastWidth: config.width });
    const desk = new AnswerDesk(loaded);
    const { history, unknown } = await askedHistory(loaded, desk, config);
    sayUnknown(unknown, loaded);
    const [answer] = await desk.answer([history], config.count);
    process.stdout.write(config.json ? json(answer!, unknown) : table(answer!));
    return 0;
  },
};

async function askedHistory(
  loaded: LoadedRecommender,
  desk: AnswerDesk,
  { user, history, data }: RecommendConfig,
): Promise<{ history: readonly number[]; unknown: readonly string[] }> {
  if ((user === null) === (history === null))
    throw new ConfigError(`laurel recommend recommend: give --user or --history: ${usage}`);
  if (history !== null)
    return desk.read(
      history
        .split(',')
        .map((key) => key.trim())
        .filter(Boolean),
    );
  if (data === null)
    throw new ConfigError('data: required to look up a user; or give --history KEY,KEY,…');
  const found = await loadRecommendationData(data);
  assertSameItems(loaded, found);
  const items = userHistories(found).get(user!);
  if (items !== undefined) return { history: items, unknown: [] };
  throw new ConfigError(
    `user: ${JSON.stringify(user)} is not in ${data}; give what they took as --history KEY,KEY,…`,
  );
}

/** Names the first few items of a history that the catalogue does not have. */
function sayUnknown(unknown: readonly string[], { catalogue }: LoadedRecommender): void {
  if (unknown.length === 0) return;
  const some = unknown.slice(0, 5).map((key) => JSON.stringify(key));
  const more = unknown.length > some.length ? ` and ${unknown.length - some.length} more` : '';
  process.stderr.write(
    `Skipped, not among the ${catalogue.items.length} items of ${catalogue.dataset}: ${some.join(', ')}${more}\n`,
  );
}

const json = (answer: Answer, unknown: readonly string[]): string =>
  `${JSON.stringify({ ...answer, unknownCount: unknown.length, unknown }, null, 2)}\n`;

function table({ basis, items }: Answer): string {
  const width = Math.max(...items.map(({ item }) => item.length), 0);
  const lines = items.map(({ item, title, score }, place) =>
    `${String(place + 1).padStart(3)}  ${score.toFixed(3).padStart(8)}  ${item.padEnd(width)}  ${title ?? ''}`.trimEnd(),
  );
  const note = basis === 'popularity' ? ['Nothing of the history is known: what is popular.'] : [];
  return [...note, ...lines, ''].join('\n');
}
