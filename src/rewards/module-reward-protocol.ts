import type { RolloutGroup } from '../types.ts';
import type { Attempt } from './types.ts';

/** What the parent sends: the module to load once, then groups to score. */
export type ToChild =
  | { readonly type: 'load'; readonly file: string; readonly exportName: string }
  | {
      readonly type: 'score';
      readonly id: number;
      readonly group: RolloutGroup;
      readonly indexes: readonly number[];
      readonly timeoutMs: number;
    };

/** How a module's reward scores: one completion at a time, or a whole group. */
export type RewardForm = 'completion' | 'group';

/** What the child sends; `alive` says that its event loop turns. */
export type FromChild =
  | { readonly type: 'ready'; readonly name: string; readonly form: RewardForm }
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'scored'; readonly id: number; readonly attempts: readonly Attempt[] }
  | { readonly type: 'alive' };
