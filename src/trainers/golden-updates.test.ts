import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { metricLines } from '../../test/support/run-files.ts';
import { letters, temporaryFolder } from '../../test/support/tiny-policy.ts';
import { microBatches, type TrainSequence } from '../batches/index.ts';
import { parseConfig } from '../config/index.ts';
import { parameters } from '../models/index.ts';
import { adamW, decayGroups } from '../optim/index.ts';
import { type BatchLoss, Policy, update } from '../policy/index.ts';
import { readSafetensors, type Tensor } from '../tensor/index.ts';
import { type GrpoOptionsInput, grpoOptions } from './config/index.ts';
import { type PreferenceTraining, trainPreference } from './index.ts';
import { presetOf } from './policy-gradient-batch.ts';

interface Row {
  prompt: number[];
  completion: number[];
  oldLogprobs: number[];
  referenceLogprobs: number[];
  advantage: number;
}
interface Case {
  name: string;
  steps: Record<string, number>[];
}
interface Golden {
  grpo: Row[][];
  dpo: { prompt: string; chosen: string; rejected: string }[];
  cases: Case[];
}

const folder = fileURLToPath(new URL('../../test/golden/updates', import.meta.url));
const golden = JSON.parse(readFileSync(join(folder, 'updates.json'), 'utf8')) as Golden;
const changes = readSafetensors(join(folder, 'updates.safetensors'));
const root = temporaryFolder();

/** The saved checkpoint in float64. */
const load = () =>
  Policy.load(join(folder, 'checkpoint'), { dtype: 'float64', tokenizer: letters });

const valuesOf = ({ model }: Policy): Map<string, number[]> =>
  new Map([...parameters(model)].map(([name, parameter]) => [name, parameter.toArray()]));

const squares = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value ** 2, 0);

/**
 * How far apart the updates of all parameters together are, as a share. transformers computes norms and rotations in
 * float32 in a float64 model too, so it is not 0.
 *   ‖Δours − ΔTRL‖ / ‖ΔTRL‖
 */
function distance(name: string, after: Policy): number {
  const before = valuesOf(load());
  let [apart, whole] = [0, 0];
  for (const [parameter, values] of valuesOf(after)) {
    const theirs = changes.tensor(`${name}/${parameter}`).toArray();
    const ours = values.map((value, i) => value - before.get(parameter)![i]!);
    apart += squares(ours.map((value, i) => value - theirs[i]!));
    whole += squares(theirs);
  }
  return Math.sqrt(apart / whole);
}

const allowed = 1e-4;

const caseOf = (name: string): Case => golden.cases.find((each) => each.name === name)!;

/** The options that TRL was given, where they are not its defaults; its `use_bias_correction_kl` is true. */
const policyOptions: Record<string, GrpoOptionsInput> = {
  grpo: { lossType: 'grpo', beta: 0.04, useBiasCorrectionKl: true },
  gspo: {
    lossType: 'grpo',
    importanceSamplingLevel: 'sequence',
    epsilon: 0.1,
    epsilonHigh: 0.15,
  },
  dapo: { lossType: 'dapo', beta: 0.04, epsilonHigh: 0.28 },
  dr_grpo: { lossType: 'dr_grpo', maxCompletionLength: 9 },
  cispo: { lossType: 'cispo', epsilonHigh: 1.2 },
  sapo: { lossType: 'sapo', sapoTemperaturePos: 1.2, sapoTemperatureNeg: 1.5 },
};

const toSequence = ({ prompt, completion, advantage, ...logprobs }: Row): TrainSequence => ({
  tokens: [...prompt, ...completion],
  promptLength: prompt.length,
  completionMask: completion.map(() => 1),
  advantages: completion.map(() => advantage),
  ...logprobs,
});

test.each(Object.entries(policyOptions))(
  '%s: five updates end where those of TRL’s GRPOTrainer do',
  async (name, options) => {
    const preset = presetOf(parseConfig(grpoOptions, options));
    const policy = load();
    const optimizer = adamW(decayGroups(parameters(policy.model), 0.1));
    const learner = { policy, optimizer, maxGradNorm: 0.2 };
    const loss: BatchLoss = (scores, batch, totals) => {
      const { completionMask, oldLogprobs, referenceLogprobs } = batch;
      const advantages = batch.advantages as Tensor;
      return preset.loss(
        { ...scores, completionMask, oldLogprobs, referenceLogprobs, advantages },
        totals,
      );
    };
    for (const [step, rows] of golden.grpo.entries()) {
      const expected = caseOf(name).steps[step]!;
      const result = await update(learner, microBatches(rows.map(toSequence), 4), {
        temperature: 1,
        logprobDistribution: 'full',
        learningRate: expected['learning_rate']!,
        loss,
      });
      expect(result.gradNorm, `step ${step}`).toBeAllClose(expected['grad_norm']!, { rtol: 1e-4 });
      expect(result.loss).toBeAllClose(expected['loss']!, { rtol: 0, atol: 1e-5 });
    }
    expect(distance(name, policy)).toBeLessThan(allowed);
  },
);

const preferenceCases: Record<string, Partial<PreferenceTraining>> = {
  sigmoid: {},
  ipo: { lossType: ['ipo'], beta: 0.2, precomputeRefLogProbs: true },
  hinge: { lossType: ['hinge'], beta: 0.5 },
  'sigmoid and sft': {
    lossType: ['sigmoid', 'sft'],
    lossWeights: [1, 0.2],
    perDeviceTrainBatchSize: 4,
    gradientAccumulationSteps: 1,
  },
};

/** Means over pairs: the same however a step is split into micro-batches. */
const pairMetrics = [
  ...['loss', 'grad_norm', 'rewards/chosen', 'rewards/rejected', 'rewards/accuracies'],
  ...['rewards/margins', 'logps/chosen', 'logps/rejected'],
];
const tokenMetrics = ['entropy', 'mean_token_accuracy', 'logits/chosen', 'logits/rejected'];

test.each(Object.entries(preferenceCases))(
  '%s: five steps of the preference trainer end where those of TRL’s DPOTrainer do',
  async (name, options) => {
    const policy = load();
    const { folder: run } = await trainPreference({
      policy,
      examples: golden.dpo.map((row, index) => ({ example: { index, columns: {} }, ...row })),
      learningRate: 0.01,
      lrSchedulerType: 'constant',
      weightDecay: 0.1,
      maxGradNorm: 0.2,
      maxSteps: 5,
      perDeviceTrainBatchSize: 2,
      gradientAccumulationSteps: 2,
      trainSamplingStrategy: 'sequential',
      loggingSteps: 1,
      saveStrategy: 'no',
      outputDir: join(root, name.replaceAll(' ', '-')),
      console: null,
      ...options,
    });
    const { steps } = caseOf(name);
    const isWhole = options.gradientAccumulationSteps === 1;
    for (const [step, line] of metricLines(run).entries()) {
      for (const metric of [...pairMetrics, ...(isWhole ? tokenMetrics : [])]) {
        const tolerance = { rtol: 0, atol: 1e-5 };
        expect(line[metric], `${metric} of step ${step}`).toBeAllClose(
          steps[step]![metric]!,
          tolerance,
        );
      }
    }
    expect(distance(name, policy)).toBeLessThan(allowed);
  },
);

test('every case of TRL is replayed, all with clipping', () => {
  const names = [...Object.keys(policyOptions), ...Object.keys(preferenceCases)];
  expect(golden.cases.map(({ name }) => name)).toEqual(names);
  for (const { steps } of golden.cases)
    for (const step of steps) expect(step['grad_norm']).toBeGreaterThan(0.2);
});
