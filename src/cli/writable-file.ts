import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from '../errors.ts';

/**
 * Makes the folder of a file to be written, and finds out before the work whether it can be.
 * @throws ConfigError naming the flag that asked for it.
 */
export function assertWritable(flag: string, file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    if (existsSync(file) && !statSync(file).isFile()) throw new Error('it is not a file');
    accessSync(existsSync(file) ? file : dirname(file), constants.W_OK);
  } catch (cause) {
    throw new ConfigError(
      `${flag} ${file}: cannot be written: ${(cause as Error).message}; choose another file`,
      { cause },
    );
  }
}
