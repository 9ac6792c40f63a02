import type { TrainSequence } from '../../../batches/index.ts';
import { chunkedTopKStatistics } from '../../../losses/index.ts';
import { distinctNgrams } from '../../../metrics/index.ts';
import { type Policy, resolveSampling } from '../../../policy/index.ts';
import { headOf, packFor, predictingStates } from '../../../policy/score.ts';
import { collectRollouts } from '../../../rollouts/index.ts';
import { Generator, noGrad, tidy } from '../../../tensor/index.ts';
import type { Prompt, RolloutGroup } from '../../../types.ts';
import type { MeasurementSettings } from './settings.ts';

/** What completions of held-out prompts say of a policy. */
export interface GenerationMeasures {
  /** Bits, mean over generated positions; p as the policy has it, at temperature 1. */
  readonly entropy: number;
  /** The same with p renormalised within the k likeliest. */
  readonly entropyRenormalized: number;
  /** M_k. */
  readonly mass: number;
  /** Cross-input diversity: EAD with Vⁿ, and as the paper writes it. */
  readonly diversity: number;
  readonly diversityPaper: number;
  readonly meanLength: number;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** One completion of each prompt, the same draws at every call. */
export const completePrompts = (
  policy: Policy,
  prompts: readonly Prompt[],
  { maxCompletionLength, temperature, topP }: MeasurementSettings,
): Promise<RolloutGroup[]> =>
  collectRollouts(policy, prompts, {
    groupSize: 1,
    sampling: resolveSampling({ maxCompletionLength, temperature, topP }),
    generator: new Generator(0),
    batchRows: 512,
  });

/** The paper's indicators at the positions of completions, and how varied those are. */
export function measureCompletions(
  policy: Policy,
  groups: readonly RolloutGroup[],
  { k, diversityTokens }: MeasurementSettings,
): GenerationMeasures {
  const completions = groups.map(({ rollouts }) => rollouts[0]!.tokens);
  const statistics = topKMeans(policy, groups, k);
  const diversity = distinctNgrams(completions, {
    vocabularySize: policy.tokenizer.vocabSize,
    tokenBudget: diversityTokens,
  });
  return {
    ...statistics,
    diversity: diversity.adjusted ?? Number.NaN,
    diversityPaper: diversity.adjustedByVocabulary ?? Number.NaN,
    meanLength: mean(completions.map(({ length }) => length)),
  };
}

const ROWS = 64;

function topKMeans(policy: Policy, groups: readonly RolloutGroup[], k: number) {
  const { model, tokenizer } = policy;
  const sums = { entropy: 0, entropyRenormalized: 0, mass: 0, positions: 0 };
  for (let start = 0; start < groups.length; start += ROWS) {
    const sequences = groups.slice(start, start + ROWS).map(sequenceOf);
    noGrad(() =>
      tidy(() => {
        const batch = packFor(model, sequences, { padTokenId: tokenizer.padTokenId });
        const found = chunkedTopKStatistics(predictingStates(model, batch), headOf(model), { k });
        sums.entropy += found.entropy.sum().item();
        sums.entropyRenormalized += found.renormalizedEntropy.sum().item();
        sums.mass += found.mass.sum().item();
        sums.positions += batch.targets.size;
      }),
    );
  }
  const { positions } = sums;
  return {
    entropy: sums.entropy / positions,
    entropyRenormalized: sums.entropyRenormalized / positions,
    mass: sums.mass / positions,
  };
}

function sequenceOf({ prompt, rollouts }: RolloutGroup): TrainSequence {
  const { tokens } = rollouts[0]!;
  return {
    tokens: [...prompt.tokens, ...tokens],
    promptLength: prompt.tokens.length,
    completionMask: tokens.map(() => 1),
  };
}
