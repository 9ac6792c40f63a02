/**
 * GRPO on one page, without a trainer: sample groups, score them, compare within each group, raise the better ones.
 *   npx laurel run recipes/grpo-from-scratch.ts
 * Shao et al. 2024, arXiv:2402.03300. Left out: clipping and the KL penalty, since every batch is used once, by the
 * policy that sampled it (the ratio is 1), and gradient accumulation. The task: write as many vowels as possible.
 */
import { charTokenizer, Generator, Policy, resolveSampling, sampleCompletions } from 'laurel';
import { groupRelativeAdvantages } from 'laurel/advantages';
import { packBatch } from 'laurel/batches';
import { tokenLogprobs, tokenMean } from 'laurel/losses';
import { hiddenStates, logits, parameters } from 'laurel/models';
import { adamW, clipGradNorm } from 'laurel/optim';
import { fromTypedArray, tidy } from 'laurel/tensor';

const prompts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']; // P = 8
const groupSize = 16; // G
const sampling = resolveSampling({ maxCompletionLength: 12 });
const vowels = (text: string) => [...text].filter((letter) => 'aeiou'.includes(letter)).length / 12;

const tokenizer = charTokenizer('abcdefghijklmnopqrstuvwxyz');
const policy = Policy.create(
  { hiddenSize: 64, numHiddenLayers: 2, maxPositionEmbeddings: 32 },
  tokenizer,
);
const weights = parameters(policy.model);
const optimizer = adamW([{ parameters: weights, weightDecay: 0 }]);
const generator = new Generator(1);

for (let step = 1; step <= 40; step++) {
  // 1. Rollouts: G completions of each prompt.
  const promptTokens = prompts.map((prompt) => tokenizer.encode(prompt));
  const groups = await sampleCompletions({
    ...policy,
    prompts: promptTokens,
    groupSize,
    sampling,
    generator,
  });

  // 2. Rewards [P][G], and 3. advantages: Â = (r − mean of the group) / std of the group.
  const rewards = groups.map((group) => group.map(({ text }) => vowels(text)));
  const { advantages } = groupRelativeAdvantages(rewards);

  // 4. One padded batch: every token of a completion carries its completion's advantage.
  const sequences = groups.flatMap((group, p) =>
    group.map(({ tokens }, g) => ({
      tokens: [...promptTokens[p]!, ...tokens],
      promptLength: promptTokens[p]!.length,
      completionMask: tokens.map(() => 1),
      advantage: advantages[p]![g]!,
    })),
  );

  // 5. L = −mean over tokens of Â log π(token | what came before), 6. its gradient, 7. the update.
  const norm = tidy(() => {
    const batch = packBatch(sequences, tokenizer);
    const hidden = hiddenStates(policy.model, batch); // [B, T, C]
    const predicting = hidden.reshape([-1, hidden.shape[2]!]).indexSelect(0, batch.predictors); // [N, C]
    const { logprobs } = tokenLogprobs(logits(policy.model, predicting), batch.targets); // [N]
    const perToken = sequences.flatMap(({ completionMask, advantage }) =>
      completionMask.map(() => advantage),
    );
    const weighted = logprobs
      .mul(fromTypedArray(Float32Array.from(perToken), [perToken.length]))
      .neg();
    const everyToken = weighted.detach().mul(0).add(1);
    tokenMean(weighted, everyToken, {
      tokens: perToken.length,
      sequences: sequences.length,
    }).backward();
    return clipGradNorm(optimizer.parameters, 1).norm;
  });
  optimizer.step(1e-3);
  optimizer.zeroGradients();

  const mean = rewards.flat().reduce((sum, reward) => sum + reward, 0) / rewards.flat().length;
  if (step % 5 === 0)
    console.log(`step ${step}  reward ${mean.toFixed(3)}  gradient norm ${norm.toFixed(2)}`);
}
