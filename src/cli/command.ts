import { ConfigError } from '../errors.ts';
import type { CommandFlag } from './options/index.ts';

/** What a word after `laurel` does. */
export interface Command {
  /** Runs it with the arguments after its name. @returns the exit code. */
  run(argv: readonly string[]): Promise<number>;
}

export const configFlag: CommandFlag = {
  name: 'config',
  kind: 'text',
  placeholder: 'FILE',
  description: 'YAML file with options; flags win over it.',
};

export const helpFlag: CommandFlag = {
  name: 'help',
  kind: 'boolean',
  description: 'Show this help.',
};

/** A string flag's value, where it was given. */
export const textFlag = (
  flags: Readonly<Record<string, string | boolean>>,
  name: string,
): string | undefined => (typeof flags[name] === 'string' ? (flags[name] as string) : undefined);

/**
 * Refuses words that belong to no option, such as a file given without `--config`.
 * @throws ConfigError naming the first one.
 */
export function refuseWords(command: string, words: readonly string[]): void {
  const [word] = words;
  if (word === undefined) return;
  const hint = /\.ya?ml$/.test(word)
    ? `did you mean --config ${word}?`
    : 'options are written --name value; --help lists them';
  throw new ConfigError(`laurel ${command}: unexpected ${word}; ${hint}`);
}
