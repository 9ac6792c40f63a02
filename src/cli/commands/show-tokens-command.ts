import { resolveConfig } from '../../config/index.ts';
import { ConfigError } from '../../errors.ts';
import type { Tokenizer } from '../../tokenizers/index.ts';
import { sftConfig } from '../../trainers/config/index.ts';
import { supervisedSequence } from '../../trainers/index.ts';
import { type Command, configFlag, helpFlag, refuseWords, textFlag } from '../command.ts';
import { type CommandFlag, parseFlags, renderHelp } from '../options/index.ts';
import { resolvePolicy } from '../resolve/resolve-policy.ts';
import { loadRows, supervisedRows } from '../resolve/resolve-rows.ts';

const rowFlag: CommandFlag = {
  name: 'row',
  kind: 'text',
  placeholder: 'N',
  description: 'Which row of the training split, counted from 0; default 0.',
};

const plainFlag: CommandFlag = {
  name: 'plain',
  kind: 'boolean',
  description: 'Brackets instead of colours: [learned] and not.',
};

/** The options of `laurel sft`, which decide what is shown. */
const showTokensConfig = {
  ...sftConfig,
  name: 'show-tokens',
  summary: 'Show a row as the tokens that training sees, those learned in colour.',
};

/** `laurel show-tokens` */
export const showTokensCommand: Command = {
  async run(argv) {
    const commandFlags = [configFlag, rowFlag, plainFlag, helpFlag];
    const flags = parseFlags(argv, showTokensConfig, commandFlags);
    if (flags.command['help']) {
      const usage = 'laurel show-tokens [--config FILE] [--row N] [--option value …]';
      process.stdout.write(renderHelp(showTokensConfig, { commandFlags, usage }));
      return 0;
    }
    refuseWords(showTokensConfig.name, flags.positionals);
    const config = resolveConfig(showTokensConfig, {
      yamlFile: textFlag(flags.command, 'config'),
      flags: flags.options,
    });
    const number = Number(textFlag(flags.command, 'row') ?? 0);
    const policy = await resolvePolicy(config, { trainable: false });
    const dataset = await loadRows(
      config,
      config.datasetTrainSplit,
      Number.isInteger(number) && number >= 0 ? number + 1 : null,
    );
    const row = supervisedRows(dataset, config).rows[number];
    if (row === undefined)
      throw new ConfigError(
        `--row ${number}: the split has ${dataset.rows.length} rows, counted from 0`,
      );
    const sequence = supervisedSequence(row, policy.tokenizer, {
      ...config,
      contextLength: policy.model.config.maxPositionEmbeddings,
      chatTemplateKwargs: config.chatTemplateKwargs ?? {},
    });
    const mask = sequence.tokens.map(
      (_, t) => sequence.completionMask[t - sequence.promptLength] === 1,
    );
    const plain = flags.command['plain'] === true || !process.stdout.isTTY;
    process.stdout.write(paint(sequence.tokens, mask, policy.tokenizer, plain));
    return 0;
  },
};

const LEARNED = '\u001b[30;42m';
const READ = '\u001b[2m';
const RESET = '\u001b[0m';

function paint(
  tokens: readonly number[],
  mask: readonly boolean[],
  tokenizer: Tokenizer,
  plain: boolean,
): string {
  const pieces = tokens.map((token, t) => {
    const text = visible(
      tokenizer.decode([token], { skipSpecialTokens: false }),
      tokenizer.idToToken(token),
    );
    if (plain) return mask[t] ? `[${text}]` : text;
    return `${mask[t] ? LEARNED : READ}${text}${RESET}`;
  });
  const learned = mask.filter(Boolean).length;
  return `${pieces.join('')}\n${tokens.length} tokens, ${learned} learned\n`;
}

/** A token's text with its line ends shown; its spelling where its bytes are no whole character. */
function visible(text: string, spelling: string | undefined): string {
  const shown = text === '' || text.includes('\uFFFD') ? (spelling ?? '?') : text;
  return shown.replaceAll('\n', '⏎\n').replaceAll('\t', '⇥');
}
