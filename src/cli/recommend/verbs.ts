import type { RecommendVerb } from './verb.ts';

/** What stands after `laurel recommend`, by its word, in the order of their use. */
export const recommendVerbs: Readonly<Record<string, RecommendVerb>> = {
  prepare: {
    usage: 'prepare SOURCE --out FOLDER',
    summary: 'Make a data set of a log: filter, split, and say what was left out.',
    load: async () => (await import('./prepare-command.ts')).prepareCommand,
  },
  train: {
    usage: 'train DATA --method METHOD --out FOLDER',
    summary: 'Train a recommender: supervised, rere, sdpo, sasrec, popularity.',
    load: async () => (await import('./train-command.ts')).trainRecommenderCommand,
  },
  evaluate: {
    usage: 'evaluate MODEL … --data FOLDER',
    summary: 'Measure recommenders and popularity side by side, ranking all items.',
    load: async () => (await import('./evaluate-command.ts')).evaluateCommand,
  },
  recommend: {
    usage: 'recommend MODEL --user USER | --history KEY,KEY,…',
    summary: 'Recommend items to a user of the data, or after a history.',
    load: async () => (await import('./recommend-command.ts')).recommendCommand,
  },
  serve: {
    usage: 'serve MODEL',
    summary: 'Answer POST /recommendations over HTTP.',
    load: async () => (await import('./serve-command.ts')).serveCommand,
  },
  load: {
    usage: 'load URL|MODEL',
    summary: 'Send many requests to a server and print its latency.',
    load: async () => (await import('./load-command.ts')).loadCommand,
  },
};
