import { microBatches } from '../../../batches/index.ts';
import type { TokenConstraint } from '../../../policy/index.ts';
import { type Beam, beamSearch, type DrawGroups, rolloutOf } from '../../../rollouts/index.ts';

/** Beams searched side by side. */
const BATCH_ROWS = 1024;

/**
 * The G likeliest different completions of each prompt, likeliest first, by beam search over the constraint: the
 * paper's sampler. Fewer where the constraint has fewer. Nothing is drawn by chance.
 * Likelihood is under the distribution that `logprobDistribution` names, for the search as for training.
 */
export const beamGroups =
  (constraint: TokenConstraint): DrawGroups =>
  async (policy, prompts, { groupSize, sampling, signal, batchRows = BATCH_ROWS }) => {
    const distribution = sampling.logprobDistribution === 'full' ? 'full' : 'constrained';
    const { temperature } = sampling;
    const options = { constraint, width: groupSize, temperature, distribution, signal } as const;
    const promptsAtOnce = Math.max(1, Math.floor(batchRows / groupSize));
    const found: Beam[][] = [];
    for (const some of microBatches(prompts, promptsAtOnce)) {
      const tokens = some.map((prompt) => prompt.tokens);
      found.push(...(await beamSearch(policy, tokens, options)));
    }
    return prompts.map((prompt, p) => ({
      prompt,
      rollouts: found[p]!.map((beam) =>
        rolloutOf(beam, policy.tokenizer, sampling.logprobDistribution),
      ),
    }));
  };
