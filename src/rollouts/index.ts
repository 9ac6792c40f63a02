export { type Beam, type BeamSearchOptions, beamSearch } from './beam-search.ts';
export { type CollectOptions, collectRollouts } from './collect-rollouts.ts';
export { completionMetrics } from './completion-metrics.ts';
export { makePrompt, type PromptOptions } from './make-prompt.ts';
export { TokenTrie } from './token-trie.ts';
