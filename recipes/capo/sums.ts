/**
 * GRPO at a conservative and at an aggressive rate, without and with CAPO's filter, on sums that are worked out a step at a
 * time; the study's first task, small enough for one processor.
 *   npx laurel run recipes/capo/sums.ts                       the conservative run
 *   npx laurel run recipes/capo/sums.ts aggressive            five times the rate, a twelfth of the batch
 *   npx laurel run recipes/capo/sums.ts aggressive 0.02       the same, filtered: no token may move its own log-probability
 *                                                             by more than 0.02 in one step
 */
import {
  capoTokenFilter,
  charTokenizer,
  Policy,
  SparseAdam,
  trainPolicyGradient,
  trainSupervised,
} from 'laurel';

const [regime = 'conservative', bound] = process.argv.slice(2);
const regimes = {
  conservative: { learningRate: 2e-4, gradientAccumulationSteps: 12 },
  aggressive: { learningRate: 1e-3, gradientAccumulationSteps: 1 },
};
if (regime !== 'conservative' && regime !== 'aggressive')
  throw new Error(`expected conservative or aggressive, found ${regime}`);

/** Mulberry32, a small seeded generator of whole numbers below n. */
let state = 1;
function random(n: number): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * n);
}

/** `a7b+5c-3=` with its chain `b+5=12c-3=9`, six numbers long. */
function drawProblem(index: number) {
  let sum = 1 + random(9);
  let [prompt, completion] = [`a${sum}`, ''];
  for (const letter of 'bcdef') {
    const size = 1 + random(9);
    const sign = size <= sum && random(2) === 0 ? '-' : '+';
    sum += sign === '+' ? size : -size;
    prompt += `${letter}${sign}${size}`;
    completion += `${letter}${sign}${size}=${sum}`;
  }
  return { prompt: `${prompt}=`, completion, example: { index, columns: { answer: `${sum}` } } };
}

const policy = Policy.create(
  {
    hiddenSize: 64,
    numHiddenLayers: 2,
    numAttentionHeads: 4,
    maxPositionEmbeddings: 128,
    initializerRange: 0.05,
    tieWordEmbeddings: false,
  },
  charTokenizer('0123456789+-=abcdef'),
  { seed: 0 },
);
const { vocabSize } = policy.model.config;

await trainSupervised({
  policy,
  examples: Array.from({ length: 16_384 }, (_, index) => drawProblem(index)),
  maxSteps: 575,
  perDeviceTrainBatchSize: 64,
  learningRate: 3e-3,
  lrSchedulerType: 'constant_with_warmup',
  warmupSteps: 20,
  adamBeta2: 0.99,
  weightDecay: 0.1,
  saveStrategy: 'no',
  loggingSteps: 100,
});

const completions = 3840;
const { gradientAccumulationSteps } = regimes[regime];
await trainPolicyGradient({
  ...regimes[regime],
  policy,
  examples: Array.from({ length: completions / 8 }, (_, index) => drawProblem(index)),
  reward: (completion: string, { answer }) =>
    Number(completion.slice(completion.lastIndexOf('=') + 1) === answer),
  lossType: 'grpo',
  numGenerations: 8,
  perDeviceTrainBatchSize: 32,
  maxSteps: completions / (32 * gradientAccumulationSteps),
  maxCompletionLength: 35,
  lrSchedulerType: 'cosine',
  warmupRatio: 0.1,
  logprobDistribution: 'full',
  // τ_H = x and τ_F = x²/2 both say, to first order, that a token's log-probability may move by x.
  tokenFilter:
    bound === undefined
      ? undefined
      : capoTokenFilter({
          objectiveBound: Number(bound),
          policyBound: Number(bound) ** 2 / 2,
          topTokens: vocabSize,
          stepModel: new SparseAdam({ vocabSize }),
        }),
  saveStrategy: 'no',
  loggingSteps: 1,
});
