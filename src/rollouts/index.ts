export { type Beam, type BeamSearchOptions, beamSearch } from './beam-search.ts';
export { type CollectOptions, collectRollouts } from './collect-rollouts.ts';
export { completionMetrics } from './completion-metrics.ts';
export { rolloutOf } from './constrained-path.ts';
export {
  assertGroups,
  type DrawGroups,
  type DrawOptions,
  independentGroups,
} from './draw-groups.ts';
export { makePrompt, type PromptOptions, type TokensPrompt } from './make-prompt.ts';
export {
  groupDiversity,
  hasSignal,
  type MeasureGroupsOptions,
  measureGroups,
  sameTokens,
  tokenDiversity,
} from './measure-groups.ts';
export { TokenTrie } from './token-trie.ts';
