import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  type ConfigGroup,
  type ConfigOf,
  type ConfigSchema,
  configGroup,
  defineConfig,
  resolveConfig,
} from '../../../config/index.ts';
import { ConfigError } from '../../../errors.ts';
import { databaseName, RunStore, StoreError } from '../../../runs/index.ts';
import { type Command, helpFlag } from '../../command.ts';
import { parseFlags, renderHelp } from '../../options/index.ts';

/** The option that every verb has. */
export const rootOptions = configGroup('Runs', {
  root: z.string().min(1).default('runs').describe('Folder that holds the runs.'),
});

interface VerbParts<Schema extends ConfigSchema> {
  readonly config: Schema;
  /** What stands after `laurel runs`: `show RUN`. */
  readonly usage: string;
  /** How many words it takes: at least, at most. */
  readonly words: readonly [least: number, most: number];
  /** @returns what is printed. */
  readonly run: (config: ConfigOf<Schema>, words: readonly string[]) => string | Promise<string>;
}

/** A word after `laurel runs`. */
export interface Verb extends Command {
  readonly usage: string;
  readonly summary: string;
}

/** A verb's options, besides the root. */
export const verbConfig = <const Groups extends Readonly<Record<string, ConfigGroup>>>(
  name: string,
  summary: string,
  groups: Groups,
) => defineConfig({ name: `runs ${name}`, summary, groups: { runs: rootOptions, ...groups } });

/** Makes a verb: its options, `--help`, and a check of its words. */
export function verb<Schema extends ConfigSchema>({
  config: schema,
  usage,
  words: [least, most],
  run,
}: VerbParts<Schema>): Verb {
  const line = `laurel runs ${usage}`;
  return {
    usage: line,
    summary: schema.summary,
    async run(argv) {
      const flags = parseFlags(argv, schema, [helpFlag]);
      if (flags.command['help']) {
        const text = `${line} [--option value …]`;
        process.stdout.write(renderHelp(schema, { commandFlags: [helpFlag], usage: text }));
        return 0;
      }
      const { length } = flags.positionals;
      if (length < least || length > most)
        throw new ConfigError(
          `laurel ${schema.name}: expected ${line}, found ${length} ${length === 1 ? 'word' : 'words'} after it`,
        );
      const config = resolveConfig(schema, { flags: flags.options });
      process.stdout.write(await run(config, flags.positionals));
      return 0;
    },
  };
}

/** Uses the runs of a root to read them; from their folders where the database cannot be used, which is said. */
export async function reading<Result>(
  root: string,
  use: (store: RunStore) => Result | Promise<Result>,
): Promise<Result> {
  const store = openOrReadFolders(root);
  try {
    return await use(store);
  } finally {
    store.close();
  }
}

/**
 * Uses the runs of a root to change something of them.
 * @throws ConfigError where there is no such folder.
 */
export async function changing<Result>(
  root: string,
  use: (store: RunStore) => Result | Promise<Result>,
): Promise<Result> {
  assertRoot(root);
  const store = RunStore.open(root);
  try {
    return await use(store);
  } finally {
    store.close();
  }
}

/** Reading makes no database where there is none. */
function openOrReadFolders(root: string): RunStore {
  if (!existsSync(join(root, databaseName))) return RunStore.fromFolders(root);
  try {
    return RunStore.open(root);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    console.error(`warning: ${error.message}; reading the run folders instead`);
    return RunStore.fromFolders(root);
  }
}

/** @throws ConfigError where there is no such folder. */
export function assertRoot(root: string): void {
  if (!existsSync(root))
    throw new ConfigError(`root: there is no folder ${root}; --root names the one of the runs`);
}
