import type { RecommendVerb } from './verb.ts';

/** What stands after `laurel recommend`, by its word, in the order of their use. */
export const recommendVerbs: Readonly<Record<string, RecommendVerb>> = {
  prepare: {
    usage: 'prepare SOURCE --out FOLDER',
    summary: 'Make a data set of a log: filter, split, and say what was left out.',
    load: async () => (await import('./prepare-command.ts')).prepareCommand,
  },
};
