import { ConfigError } from '../../errors.ts';

const LEAST_CHARACTERS = 8;

export const isLongEnough = (password: string): boolean => password.length >= LEAST_CHARACTERS;
export const tooShort = `expected at least ${LEAST_CHARACTERS} characters`;

/**
 * The password as an option, else from the environment, where an empty one is none.
 * @throws ConfigError for one that is too short; it is not repeated.
 */
export function findPassword(option: string | null, environment = process.env): string | null {
  const password = option ?? (environment['LAUREL_DASHBOARD_PASSWORD'] || null);
  if (password !== null && !isLongEnough(password))
    throw new ConfigError(`LAUREL_DASHBOARD_PASSWORD: ${tooShort}`);
  return password;
}
