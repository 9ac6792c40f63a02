import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { syncPath } from '../checkpoints/durable-files.ts';
import { ConfigError } from '../errors.ts';

const KEY_BYTES = 32;

/**
 * The key that signs the links in mails, made at the first use and kept: with another one, no link of an earlier mail works.
 * The file appears whole, also when two processes make it at once.
 * @throws ConfigError when other users may read it, or it is none.
 */
export function readSecretKey(file: string): Buffer {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) makeKey(file);
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    throw new ConfigError(
      `${file}: other users may read the key that signs the links in mails; chmod 600 it, or delete it: links in earlier mails stop working then`,
    );
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'hex');
  if (key.length === KEY_BYTES) return key;
  throw new ConfigError(
    `${file}: expected ${2 * KEY_BYTES} hexadecimal digits; delete it and a new key is made, though links in earlier mails stop working`,
  );
}

function makeKey(file: string): void {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  writeFileSync(temporary, `${randomBytes(KEY_BYTES).toString('hex')}\n`, {
    mode: 0o600,
    flag: 'wx',
  });
  try {
    syncPath(temporary);
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
