import { availableParallelism } from 'node:os';
import { type ConfigOf, resolveConfig } from '../../config/index.ts';
import { ConfigError } from '../../errors.ts';
import { loadReproduction, reproductionNames } from '../../papers/reproductions.ts';
import { runStudy } from '../../papers/runner/run-study.ts';
import { type Command, configFlag, helpFlag, refuseWords, textFlag } from '../command.ts';
import { abortOnInterrupt } from '../interruption.ts';
import { parseFlags, renderHelp } from '../options/index.ts';
import { reproduceConfig } from './reproduce-config.ts';

type ReproduceConfig = ConfigOf<typeof reproduceConfig>;

/** `laurel reproduce NAME` */
export const reproduceCommand: Command = {
  async run(argv) {
    const commandFlags = [configFlag, helpFlag];
    const flags = parseFlags(argv, reproduceConfig, commandFlags);
    if (flags.command['help']) {
      process.stdout.write(renderHelp(reproduceConfig, { commandFlags }));
      return 0;
    }
    const [name, ...words] = flags.positionals;
    if (name === undefined)
      throw new ConfigError(`laurel reproduce: say which study: ${reproductionNames.join(', ')}`);
    refuseWords(`reproduce ${name}`, words);
    const yamlFile = textFlag(flags.command, 'config');
    return reproduce(name, resolveConfig(reproduceConfig, { yamlFile, flags: flags.options }));
  },
};

async function reproduce(name: string, config: ReproduceConfig): Promise<number> {
  const { quick, seeds, match, workers, budgetMinutes, resumeRecorded } = config;
  const reproduction = await loadReproduction(name);
  const { signal, release } = abortOnInterrupt('cells under way are lost, finished ones are kept');
  try {
    const run = await runStudy(reproduction, {
      isQuick: quick,
      seeds: seeds ?? undefined,
      match: match ?? undefined,
      data: config.data ?? process.env['LAUREL_DATA'] ?? null,
      out: config.out ?? `runs/reproduce-${name}${quick ? '-quick' : ''}`,
      workers: workers ?? availableParallelism(),
      budgetSeconds: budgetMinutes === null ? Number.POSITIVE_INFINITY : 60 * budgetMinutes,
      resumesRecorded: resumeRecorded,
      command: `npx laurel reproduce ${name}${quick ? ' --quick' : ''}`,
      signal,
      write: (line) => console.error(line),
    });
    if (signal.aborted) return 130;
    return run.failed.length > 0 ? 1 : 0;
  } finally {
    release();
  }
}
