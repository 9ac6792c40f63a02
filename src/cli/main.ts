import { readFileSync } from 'node:fs';
import { nearestName } from '../config/index.ts';
import { CheckpointError, ConfigError, DataError, LaurelError } from '../errors.ts';
import type { Command } from './command.ts';
import { doctorCommand } from './commands/doctor-command.ts';
import { evalCommand } from './commands/eval-command.ts';
import { runCommand } from './commands/run-command.ts';
import { runsCommand } from './commands/runs-command.ts';
import { sampleCommand } from './commands/sample-command.ts';
import { showTokensCommand } from './commands/show-tokens-command.ts';
import { grpoCommand } from './train-grpo.ts';
import { sftCommand } from './train-sft.ts';

const commands: readonly Command[] = [
  sftCommand,
  grpoCommand,
  evalCommand,
  sampleCommand,
  runsCommand,
  showTokensCommand,
  runCommand,
  doctorCommand,
];

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = [
    ...commands,
    { name: 'setup', summary: 'Find libtorch and build the native addon.' },
  ];
  return [
    'Laurel trains language-model policies by reward.',
    '',
    'Usage: laurel COMMAND [options]',
    '',
    ...list.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'laurel COMMAND --help shows the options of a command.',
    '',
  ].join('\n');
}

/** Bad input that the user can mend; anything else Laurel throws is a failure of the run. */
const isBadInput = (error: unknown): boolean =>
  error instanceof ConfigError || error instanceof DataError || error instanceof CheckpointError;

/** Runs one command line. @returns the exit code: 0, 1 for a failure, 2 for bad input, 130 when interrupted. */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(overview());
    return 0;
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  try {
    return await findCommand(name).run(rest);
  } catch (error) {
    if (!(error instanceof LaurelError)) throw error;
    console.error(error.message);
    return isBadInput(error) ? 2 : 1;
  }
}

function findCommand(name: string): Command {
  const command = commands.find((each) => each.name === name);
  if (command !== undefined) return command;
  const nearest = nearestName(
    name,
    commands.map((each) => each.name),
  );
  const meant = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  throw new ConfigError(
    `laurel has no command ${JSON.stringify(name)}.${meant} laurel --help lists them.`,
  );
}
