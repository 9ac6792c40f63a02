import { nearestName } from '../config/index.ts';
import { ConfigError } from '../errors.ts';
import { type LikelihoodTurnOptions, likelihoodTurns } from '../papers/likelihood/index.ts';
import type { TurnDetector } from '../trainers/index.ts';

/** What a named detector may be made from. */
export type DetectorSettings = Required<Omit<LikelihoodTurnOptions, 'entropy'>>;

// biome-ignore lint/suspicious/noExplicitAny: a detector's state is its own
type MakeDetector = (settings: DetectorSettings) => TurnDetector<any>;

/** Detectors of turning points by the names that `early_stop` gives them; papers add theirs. */
const detectors = new Map<string, MakeDetector>([['likelihood', likelihoodTurns]]);

/** The detector that a name means. @throws ConfigError naming those there are. */
export function resolveTurnDetector(name: string, settings: DetectorSettings) {
  const make = detectors.get(name);
  if (make !== undefined) return make(settings);
  const names = [...detectors.keys()];
  const nearest = nearestName(name, names);
  const meant = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  throw new ConfigError(
    `early_stop: nothing is called ${JSON.stringify(name)}.${meant} There is: ${names.join(', ')}`,
  );
}
