import { nearestName } from '../../config/index.ts';
import { ConfigError } from '../../errors.ts';
import type { Command } from '../command.ts';
import { recommendVerbs } from '../recommend/verbs.ts';

function help(): string {
  const verbs = Object.values(recommendVerbs);
  const width = Math.max(...verbs.map(({ usage }) => usage.length));
  const lines = verbs.map(
    ({ usage, summary }) => `laurel recommend ${usage.padEnd(width)}  ${summary}`,
  );
  return [...lines, '', 'laurel recommend VERB --help shows the options of a verb.', ''].join('\n');
}

/** `laurel recommend` */
export const recommendCommand: Command = {
  async run(argv) {
    const [word, ...rest] = argv;
    if (word === undefined || word === '--help' || word === '-h') {
      process.stdout.write(help());
      return 0;
    }
    const verb = Object.hasOwn(recommendVerbs, word) ? recommendVerbs[word] : undefined;
    if (verb !== undefined) return (await verb.load()).run(rest);
    const nearest = nearestName(word, Object.keys(recommendVerbs));
    const meant = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
    throw new ConfigError(
      `laurel recommend has no verb ${JSON.stringify(word)}.${meant}\n${help()}`,
    );
  },
};
