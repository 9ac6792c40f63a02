import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createJiti } from 'jiti';
import { ConfigError } from '../../errors.ts';
import type { Command } from '../command.ts';

/** Whether this Node runs TypeScript by itself, removing the types. */
const stripsTypes = 'typescript' in process.features && Boolean(process.features.typescript);

async function importFile(file: string): Promise<void> {
  const isTypeScript = /\.[cm]?ts$/.test(file);
  if (!isTypeScript || stripsTypes) await import(pathToFileURL(file).href);
  else await createJiti(import.meta.url).import(file);
}

/** `laurel run FILE.ts`: a recipe or a script of your own, TypeScript included, on any supported Node. */
export const runCommand: Command = {
  async run(argv) {
    const [path, ...rest] = argv;
    if (path === undefined || path === '--help' || path === '-h') {
      process.stdout.write(
        'laurel run FILE.ts [arguments …]\n\nRuns a file that imports Laurel; recipes/ holds some to copy.\n',
      );
      return 0;
    }
    const file = resolve(path);
    if (!existsSync(file)) throw new ConfigError(`laurel run: no file ${file}`);
    process.argv = [process.argv[0]!, file, ...rest];
    await importFile(file);
    return Number(process.exitCode ?? 0);
  },
};
