import { nearestName } from '../config/index.ts';
import { ConfigError } from '../errors.ts';
import type { Reproduction } from './runner/reproduction.ts';

/** Every study that `laurel reproduce` runs, by its paper's folder; loaded when it runs. */
const reproductions: Readonly<Record<string, () => Promise<Reproduction>>> = {
  capo: async () => (await import('./capo/reproduce.ts')).capoReproduction,
  likelihood: async () => (await import('./likelihood/reproduce.ts')).likelihoodReproduction,
  rere: async () => (await import('./rere/reproduce.ts')).rereReproduction,
};

export const reproductionNames: readonly string[] = Object.keys(reproductions);

/** @throws ConfigError for a name without a study. */
export async function loadReproduction(name: string): Promise<Reproduction> {
  const load = reproductions[name];
  if (load !== undefined) return load();
  const nearest = nearestName(name, reproductionNames);
  throw new ConfigError(
    `laurel reproduce: no study ${JSON.stringify(name)}; ${nearest === undefined ? 'there is' : `did you mean ${nearest}? There is`} ${reproductionNames.join(', ')}`,
  );
}
