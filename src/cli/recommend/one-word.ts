import { ConfigError } from '../../errors.ts';

/** The word that a verb needs. @throws ConfigError where there is none, or more. */
export function oneWord(words: readonly string[], what: string, usage: string): string {
  const [word, next] = words;
  if (word === undefined) throw new ConfigError(`say ${what}: ${usage}`);
  if (next !== undefined) throw new ConfigError(`unexpected ${next}: ${usage}`);
  return word;
}
