import { createInterface } from 'node:readline/promises';
import { type ConfigOf, resolveConfig } from '../../config/index.ts';
import { ConfigError, LaurelError } from '../../errors.ts';
import { type Policy, resolveSampling, sampleCompletions } from '../../policy/index.ts';
import { Generator } from '../../tensor/index.ts';
import { renderPrompt } from '../../tokenizers/index.ts';
import type { TextOrMessages } from '../../types.ts';
import { type Command, configFlag, helpFlag, refuseWords, textFlag } from '../command.ts';
import { type CommandFlag, parseFlags, renderHelp } from '../options/index.ts';
import { resolvePolicy } from '../resolve/resolve-policy.ts';
import { sampleConfig } from './sampling-config.ts';

type SampleConfig = ConfigOf<typeof sampleConfig>;

const promptFlag: CommandFlag = {
  name: 'prompt',
  kind: 'text',
  placeholder: 'TEXT',
  description: 'What to complete; without it, prompts are read from the terminal, one a line.',
};

const chatFlag: CommandFlag = {
  name: 'chat',
  kind: 'boolean',
  description: 'Put the prompt through the chat template, as the user’s turn.',
};

/** `laurel sample` */
export const sampleCommand: Command = {
  async run(argv) {
    const commandFlags = [configFlag, promptFlag, chatFlag, helpFlag];
    const flags = parseFlags(argv, sampleConfig, commandFlags);
    if (flags.command['help']) {
      const usage = 'laurel sample --model_name_or_path FOLDER [--prompt TEXT] [--option value …]';
      process.stdout.write(renderHelp(sampleConfig, { commandFlags, usage }));
      return 0;
    }
    const written = textFlag(flags.command, 'prompt');
    const words = flags.positionals;
    refuseWords(sampleConfig.name, words.slice(written === undefined ? 1 : 0));
    const config = resolveConfig(sampleConfig, {
      yamlFile: textFlag(flags.command, 'config'),
      flags: flags.options,
    });
    if (config.modelNameOrPath === null)
      throw new ConfigError(
        'model_name_or_path: required: a model folder, a run folder, or a Hub name',
      );
    const policy = await resolvePolicy(config, { trainable: false });
    const generator = new Generator(config.seed);
    const chat = flags.command['chat'] === true;
    const complete = (text: string) =>
      printCompletions(policy, chat ? [{ role: 'user', content: text }] : text, config, generator);
    const prompt = written ?? words[0];
    if (prompt === undefined) await interact(complete);
    else await complete(prompt);
    return 0;
  },
};

async function printCompletions(
  policy: Policy,
  prompt: TextOrMessages,
  config: SampleConfig,
  generator: Generator,
): Promise<void> {
  const text = renderPrompt(policy.tokenizer, prompt);
  const tokens = policy.tokenizer.encode(text, { addSpecialTokens: typeof prompt === 'string' });
  const [rollouts] = await sampleCompletions({
    ...policy,
    prompts: [tokens],
    groupSize: config.numGenerations,
    sampling: resolveSampling(config),
    generator,
  });
  for (const rollout of rollouts!) {
    const ending = rollout.finishReason === 'length' ? ' …' : '';
    process.stdout.write(`${rollout.text}${ending}\n`);
  }
}

/** Reads prompts until the input ends; one that cannot be completed is answered by why. */
async function interact(complete: (text: string) => Promise<void>): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr, prompt: '> ' });
  terminal.prompt();
  for await (const line of terminal) {
    if (line.trim() !== '') await complete(line).catch(printRefusal);
    terminal.prompt();
  }
}

function printRefusal(error: unknown): void {
  if (!(error instanceof LaurelError)) throw error;
  console.error(error.message);
}
