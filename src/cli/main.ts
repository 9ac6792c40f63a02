import { nearestName } from '../config/index.ts';
import { CheckpointError, ConfigError, DataError, LaurelError, SaveError } from '../errors.ts';
import { capoCommandConfig } from '../papers/capo/capo-command-config.ts';
import { dpoConfig, grpoConfig, rewardConfig, sftConfig } from '../trainers/config/index.ts';
import { laurelVersion } from '../version.ts';
import type { Command } from './command.ts';
import { dashboardConfig } from './commands/dashboard-config.ts';
import { digestConfig } from './commands/digest-config.ts';
import { reproduceConfig } from './commands/reproduce-config.ts';
import { evalConfig, sampleConfig } from './commands/sampling-config.ts';
import { Interruption } from './interruption.ts';

/** A command by name. It is loaded when it runs: the engine takes a second. */
interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

async function loadProfile(): Promise<Command> {
  const { profileCommand } = await import('./commands/profile-command.ts');
  return profileCommand({
    sft: async () => (await import('./train-sft.ts')).sftCommand,
    dpo: async () => (await import('./train-dpo.ts')).dpoCommand,
    reward: async () => (await import('./train-reward.ts')).rewardCommand,
    grpo: async () => (await import('./train-grpo.ts')).grpoCommand,
    capo: async () => (await import('./train-capo.ts')).capoCommand,
  });
}

const commands: readonly Entry[] = [
  { ...sftConfig, load: async () => (await import('./train-sft.ts')).sftCommand },
  { ...dpoConfig, load: async () => (await import('./train-dpo.ts')).dpoCommand },
  { ...rewardConfig, load: async () => (await import('./train-reward.ts')).rewardCommand },
  { ...grpoConfig, load: async () => (await import('./train-grpo.ts')).grpoCommand },
  { ...capoCommandConfig, load: async () => (await import('./train-capo.ts')).capoCommand },
  { ...evalConfig, load: async () => (await import('./commands/eval-command.ts')).evalCommand },
  {
    ...sampleConfig,
    load: async () => (await import('./commands/sample-command.ts')).sampleCommand,
  },
  {
    name: 'merge',
    summary: 'Add adapters to the weights below them and save a plain model folder.',
    load: async () => (await import('./commands/merge-command.ts')).mergeCommand,
  },
  {
    name: 'profile',
    summary: 'Run a few steps of a trainer and show where the time goes.',
    load: loadProfile,
  },
  {
    name: 'runs',
    summary: 'List, compare, annotate, export and delete runs.',
    load: async () => (await import('./commands/runs-command.ts')).runsCommand,
  },
  {
    name: 'papers',
    summary: 'List the papers, how far each is reproduced, and the command that runs it.',
    load: async () => (await import('./commands/papers-command.ts')).papersCommand,
  },
  {
    ...dashboardConfig,
    load: async () => (await import('./commands/dashboard-command.ts')).dashboardCommand,
  },
  {
    ...digestConfig,
    load: async () => (await import('./commands/digest-command.ts')).digestCommand,
  },
  {
    name: 'show-tokens',
    summary: 'Show a row as the tokens that training sees, those learned in colour.',
    load: async () => (await import('./commands/show-tokens-command.ts')).showTokensCommand,
  },
  {
    ...reproduceConfig,
    load: async () => (await import('./commands/reproduce-command.ts')).reproduceCommand,
  },
  {
    name: 'recommend',
    summary: 'Recommend next items: prepare a log, train, evaluate, serve.',
    load: async () => (await import('./commands/recommend-command.ts')).recommendCommand,
  },
  {
    name: 'run',
    summary: 'Run a TypeScript or JavaScript file that uses Laurel, such as a recipe.',
    load: async () => (await import('./commands/run-command.ts')).runCommand,
  },
  {
    name: 'doctor',
    summary: 'Check this machine: libtorch, BLAS, threads, GPU, speed.',
    load: async () => (await import('./commands/doctor-command.ts')).doctorCommand,
  },
];

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
  [ConfigError, DataError, CheckpointError].some((type) => error instanceof type) &&
  !(error instanceof SaveError);

/** Runs one command line. @returns the exit code: 0, 1 for a failure, 2 for bad input, 130 when interrupted. */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(overview());
    return 0;
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${laurelVersion()}\n`);
    return 0;
  }
  try {
    const command = await findCommand(name).load();
    return await command.run(rest);
  } catch (error) {
    if (error instanceof Interruption) return 130;
    if (!(error instanceof LaurelError)) throw error;
    console.error(error.message);
    return isBadInput(error) ? 2 : 1;
  }
}

function findCommand(name: string): Entry {
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
