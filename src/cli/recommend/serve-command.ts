import { once } from 'node:events';
import { basename, resolve } from 'node:path';
import { type ConfigOf, resolveConfig } from '../../config/index.ts';
import { AnswerDesk, assertSameItems } from '../../recommendation/answer-desk.ts';
import {
  type LoadedRecommender,
  loadRecommendationData,
  loadRecommender,
} from '../../recommendation/index.ts';
import { recommendationApp, startServer } from '../../recommendation/serve/index.ts';
import { userHistories } from '../../recommendation/user-histories.ts';
import { type Command, configFlag, helpFlag, textFlag } from '../command.ts';
import { abortOnInterrupt } from '../interruption.ts';
import { parseFlags, renderHelp } from '../options/index.ts';
import { serveConfig } from './answer-config.ts';
import { oneWord } from './one-word.ts';

type ServeConfig = ConfigOf<typeof serveConfig>;

const usage = 'laurel recommend serve MODEL [--port 8080] [--option value …]';

/** `laurel recommend serve` */
export const serveCommand: Command = {
  async run(argv) {
    const commandFlags = [configFlag, helpFlag];
    const flags = parseFlags(argv, serveConfig, commandFlags);
    if (flags.command['help']) {
      process.stdout.write(renderHelp(serveConfig, { commandFlags, usage }));
      return 0;
    }
    const folder = oneWord(flags.positionals, 'which recommender to serve', usage);
    const yamlFile = textFlag(flags.command, 'config');
    const config = resolveConfig(serveConfig, { yamlFile, flags: flags.options });
    await serve(folder, config);
    return 0;
  },
};

async function usersOf(loaded: LoadedRecommender, folder: string | null) {
  if (folder === null) return {};
  const data = await loadRecommendationData(folder);
  assertSameItems(loaded, data);
  return { users: userHistories(data) };
}

async function serve(
  folder: string,
  { host, port, data, width, ...config }: ServeConfig,
): Promise<void> {
  const loaded = loadRecommender(folder, { leastWidth: width });
  const desk = new AnswerDesk(loaded);
  const { method, catalogue } = loaded;
  // The first search lays out matrices and loads kernels: not at a caller's expense.
  await desk.answer([[0]], 10);
  const app = recommendationApp({
    ...config,
    ...(await usersOf(loaded, data)),
    desk,
    about: {
      model: basename(resolve(folder)),
      method,
      dataset: catalogue.dataset,
      items: catalogue.items.length,
    },
  });
  const server = await startServer(app, { host, port });
  process.stdout.write(`${server.origin}\n`);
  const { signal, release } = abortOnInterrupt('finishing requests under way');
  if (!signal.aborted) await once(signal, 'abort');
  await server.close();
  release();
}
