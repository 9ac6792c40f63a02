import { microBatches } from '../batches/index.ts';
import {
  type Policy,
  type ResolvedSampling,
  sampleCompletions,
  type TokenConstraint,
} from '../policy/index.ts';
import type { Generator } from '../tensor/index.ts';
import type { Prompt, RolloutGroup } from '../types.ts';
import { samplePaths } from './sample-paths.ts';

export interface CollectOptions {
  readonly groupSize: number;
  readonly sampling: ResolvedSampling;
  readonly generator: Generator;
  /** Completions decoded side by side; bounds the memory of the key-value cache. */
  readonly batchRows?: number;
  readonly signal?: AbortSignal | undefined;
  /** Which token may follow which; completions are its paths. Left out, any. */
  readonly constraint?: TokenConstraint | undefined;
  /** Called as tokens are drawn, with how many. */
  readonly onTokens?: (count: number) => void;
}

/**
 * Samples G completions of each prompt.
 * @returns one group per prompt, in order.
 */
export async function collectRollouts(
  { model, tokenizer }: Policy,
  prompts: readonly Prompt[],
  { groupSize, batchRows = 256, signal, onTokens, constraint, ...drawing }: CollectOptions,
): Promise<RolloutGroup[]> {
  const groups: RolloutGroup[] = [];
  const promptsAtOnce = Math.max(1, Math.floor(batchRows / groupSize));
  for (const batch of microBatches(prompts, promptsAtOnce)) {
    const request = {
      model,
      tokenizer,
      prompts: batch.map(({ tokens }) => tokens),
      groupSize,
      ...drawing,
      ...(signal === undefined ? {} : { signal }),
      ...(onTokens === undefined ? {} : { onTokens }),
    };
    const sampled = await (constraint === undefined
      ? sampleCompletions(request)
      : samplePaths({ ...request, constraint }));
    groups.push(...batch.map((prompt, p) => ({ prompt, rollouts: sampled[p]! })));
  }
  return groups;
}
