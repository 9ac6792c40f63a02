import type { TrainSequence } from '../../batches/index.ts';
import { distinctNgrams, type Metrics } from '../../metrics/index.ts';
import { averageTopK, type Policy } from '../../policy/index.ts';
import type { Tokenizer } from '../../tokenizers/index.ts';
import type { Rollout, RolloutGroup } from '../../types.ts';
import { mean, meanOfKnown } from './mean.ts';

export interface MeasureCompletionsOptions {
  readonly topK: number;
  /** Tokens counted for cross-input diversity. */
  readonly diversityTokens: number;
  /** Sequences read at one time. */
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
}

const sequencesOf = (groups: readonly RolloutGroup[]): TrainSequence[] =>
  groups.flatMap(({ prompt, rollouts }) =>
    rollouts.map(({ tokens }) => ({
      tokens: [...prompt.tokens, ...tokens],
      promptLength: prompt.tokens.length,
      completionMask: tokens.map(() => 1),
    })),
  );

/** What a completion says: its tokens without the end of sequence, which every one that ends has. */
const saidBy =
  ({ eosTokenId }: Tokenizer) =>
  ({ tokens }: Rollout): readonly number[] =>
    tokens.at(-1) === eosTokenId ? tokens.slice(0, -1) : tokens;

/**
 * Distinct n-grams among completions of different prompts (one of each), and of the same prompt.
 * Kirk et al. 2023, arXiv:2310.06452, tell the two apart.
 */
export function diversityMetrics(
  groups: readonly RolloutGroup[],
  tokenizer: Tokenizer,
  tokenBudget: number,
): Metrics {
  const said = groups.map(({ rollouts }) => rollouts.map(saidBy(tokenizer)));
  const { vocabSize: vocabularySize } = tokenizer;
  const size = Math.max(0, ...said.map(({ length }) => length));
  const across = Array.from({ length: size }, (_, g) =>
    distinctNgrams(
      said.flatMap((texts) => (g < texts.length ? [texts[g]!] : [])),
      { vocabularySize, tokenBudget },
    ),
  );
  const metrics = {
    'monitor/cross_input_diversity': meanOfKnown(across.map(({ adjusted }) => adjusted)),
    'monitor/cross_input_diversity_paper': meanOfKnown(
      across.map(({ adjustedByVocabulary }) => adjustedByVocabulary),
    ),
    'monitor/cross_input_distinct': meanOfKnown(across.map(({ distinct }) => distinct)),
    'monitor/diversity_tokens': mean(across.map(({ tokens }) => tokens)),
  };
  if (size < 2) return metrics;
  const share = Math.max(1, Math.round((tokenBudget * size) / groups.length));
  const within = said.map((texts) => distinctNgrams(texts, { vocabularySize, tokenBudget: share }));
  const perInput = meanOfKnown(within.map(({ adjusted }) => adjusted));
  return { ...metrics, 'monitor/per_input_diversity': perInput };
}

/** Top-k entropy and mass at the generated positions, diversity and length of completions. */
export async function measureCompletions(
  policy: Policy,
  groups: readonly RolloutGroup[],
  { topK: k, diversityTokens, batchSize, signal }: MeasureCompletionsOptions,
): Promise<Metrics> {
  const spread = await averageTopK(policy, sequencesOf(groups), { k, batchSize, signal });
  const lengths = groups.flatMap(({ rollouts }) => rollouts.map(({ tokens }) => tokens.length));
  return {
    'monitor/top_k_entropy': spread.entropy,
    'monitor/top_k_entropy_renormalized': spread.renormalizedEntropy,
    'monitor/top_k_mass': spread.mass,
    ...diversityMetrics(groups, policy.tokenizer, diversityTokens),
    'monitor/mean_length': mean(lengths),
  };
}
