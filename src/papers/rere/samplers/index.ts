import type { DrawGroups, TokenTrie } from '../../../rollouts/index.ts';
import { beamGroups } from './beam-groups.ts';
import { constrainedGroups } from './constrained-groups.ts';
import { dynamicGroups } from './dynamic-groups.ts';

export { beamGroups } from './beam-groups.ts';
export { constrainedGroups } from './constrained-groups.ts';
export { type DynamicOptions, dynamicGroups, selectDiverse } from './dynamic-groups.ts';
export { withTarget } from './with-target.ts';

/** The paper's ways of drawing groups, by the names that options give them. */
export const samplers = {
  iid: constrainedGroups,
  dynamic: (trie: TokenTrie) => dynamicGroups(trie),
  beam: beamGroups,
} as const satisfies Readonly<Record<string, (trie: TokenTrie) => DrawGroups>>;

export type SamplerName = keyof typeof samplers;
