import { existsSync } from 'node:fs';
import { resolveConfig } from '../../config/index.ts';
import { requireMailAddress, withDigestStore } from '../../digest/index.ts';
import { ConfigError } from '../../errors.ts';
import { type Command, configFlag, helpFlag, textFlag } from '../command.ts';
import { parseFlags, renderHelp } from '../options/index.ts';
import { type DigestConfig, digestConfig } from './digest-config.ts';
import { firstLook, sendDigests } from './digest-send.ts';

const usage = `laurel digest [--to ADDRESS …] [--every day|week] [--option value …]
       laurel digest subscribers                 who is subscribed, asked or left
       laurel digest subscribe|unsubscribe ADDRESS`;

/** `laurel digest` */
export const digestCommand: Command = {
  async run(argv) {
    const commandFlags = [configFlag, helpFlag];
    const flags = parseFlags(argv, digestConfig, commandFlags);
    if (flags.command['help']) {
      process.stdout.write(renderHelp(digestConfig, { commandFlags, usage }));
      return 0;
    }
    const config = resolveConfig(digestConfig, {
      yamlFile: textFlag(flags.command, 'config'),
      flags: flags.options,
    });
    if (!existsSync(config.root))
      throw new ConfigError(
        `root: there is no folder ${config.root}; --root names the one of the runs`,
      );
    const [verb = 'send', ...words] = flags.positionals;
    if (verb === 'send' && words.length === 0) return sendDigests(config);
    if (verb === 'subscribers' && words.length === 0) return listSubscribers(config);
    if ((verb === 'subscribe' || verb === 'unsubscribe') && words.length === 1)
      return change(verb, words[0]!, config);
    throw new ConfigError(`laurel digest ${flags.positionals.join(' ')}: expected\n${usage}`);
  },
};

function listSubscribers(config: DigestConfig): number {
  const lines = withDigestStore(config.root, ({ subscribers }) =>
    subscribers
      .all()
      .map(({ email, state, source, changedAt }) =>
        [email, state, `by ${source}`, changedAt].join('  '),
      ),
  );
  process.stdout.write(lines.length === 0 ? 'Nobody is subscribed.\n' : `${lines.join('\n')}\n`);
  return 0;
}

function change(verb: 'subscribe' | 'unsubscribe', text: string, config: DigestConfig): number {
  const email = requireMailAddress(text, `laurel digest ${verb}`);
  withDigestStore(config.root, ({ subscribers }) => {
    if (verb === 'subscribe') return subscribers.add(email, firstLook(config));
    const known = subscribers.find(email);
    if (known === undefined) throw new ConfigError(`${email} is not subscribed`);
    return subscribers.unsubscribe(known.id, new Date());
  });
  process.stdout.write(`${email} ${verb}d\n`);
  return 0;
}
