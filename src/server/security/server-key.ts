import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../errors.ts';

/** Where a user's programs keep what outlives them (XDG base directories). */
const stateFolder = (): string =>
  join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'laurel');

const fileName = 'dashboard-key';

/**
 * The key that signs sessions, the same at each start of this user's dashboards; made at the first.
 * @throws ConfigError when other users may read it.
 */
export function serverKey(folder = stateFolder()): string {
  const file = join(folder, fileName);
  const key = randomBytes(32).toString('hex');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, key, { mode: 0o600, flag: 'wx' });
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
    throw new ConfigError(
      `${file}: other users may read the key that signs browser sessions; delete the file, and a new one is made`,
    );
  }
  const known = readFileSync(file, 'utf8').trim();
  if (/^[0-9a-f]{64}$/.test(known)) return known;
  throw new ConfigError(
    `${file}: expected a key of 64 hexadecimal digits; delete the file, and a new one is made`,
  );
}
