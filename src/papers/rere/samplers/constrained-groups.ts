import type { TokenConstraint } from '../../../policy/index.ts';
import { collectRollouts, type DrawGroups } from '../../../rollouts/index.ts';

/** Completions decoded side by side unless the trainer says otherwise. */
const BATCH_ROWS = 1024;

/** G independent completions of each prompt, each a path of the constraint: the paper's common sampling. */
export const constrainedGroups =
  (constraint: TokenConstraint): DrawGroups =>
  (policy, prompts, { step: _, ...options }) =>
    collectRollouts(policy, prompts, { batchRows: BATCH_ROWS, ...options, constraint });
