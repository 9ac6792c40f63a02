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
