import type { Command } from '../command.ts';

/** A word after `laurel recommend`. It is loaded when it runs. */
export interface RecommendVerb {
  /** What stands after `laurel recommend`: `prepare SOURCE --out FOLDER`. */
  readonly usage: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}
