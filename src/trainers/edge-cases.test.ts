import { join } from 'node:path';
import { expect, test } from 'vitest';
import { promptExamples, temporaryFolder, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { ConfigError } from '../errors.ts';
import { readCompletions } from '../runs/index.ts';
import { gradEnabled, noGrad, tidy, zeros } from '../tensor/index.ts';
import { type PolicyGradientTraining, trainPolicyGradient } from './index.ts';

const root = temporaryFolder();
let runs = 0;

const train = (changes: Partial<PolicyGradientTraining>) =>
  trainPolicyGradient({
    policy: tinyPolicy({ initializerRange: 0.1 }),
    examples: promptExamples(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']),
    reward: (completion) => completion.length,
    numGenerations: 4,
    perDeviceTrainBatchSize: 8,
    maxCompletionLength: 4,
    saveStrategy: 'no',
    outputDir: join(root, `run-${runs++}`),
    console: null,
    ...changes,
  });

test('a reward that hangs inside the engine leaves gradients on and the run alive', async () => {
  let calls = 0;
  const reward = (completion: string): number => {
    if (calls++ > 0) return completion.length;
    return noGrad(() =>
      tidy(() => {
        zeros([2]);
        for (;;);
      }),
    );
  };
  const { step } = await train({ reward, rewardTimeoutMs: 200, maxSteps: 2 });
  expect(step).toBe(2);
  expect(gradEnabled()).toBe(true);
});

test('an epoch samples every prompt once, however steps and generations divide', async () => {
  const seen: string[] = [];
  const { step } = await train({
    numTrainEpochs: 1,
    gradientAccumulationSteps: 4,
    stepsPerGeneration: 1,
    onEvent: (event) => {
      if (event.type === 'rollout-end') seen.push(...event.groups.map(({ prompt }) => prompt.text));
    },
  });
  // 10 prompts, 2 a generation, 4 generations a step: the second step has one generation.
  expect(step).toBe(2);
  expect(seen.sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']);
});

test('every generation of a step is stored', async () => {
  const { folder } = await train({
    maxSteps: 1,
    gradientAccumulationSteps: 4,
    stepsPerGeneration: 1,
  });
  expect(readCompletions(folder, 1).length).toBe(8);
});

test('a best model by a metric that no evaluation has is refused before the first step', async () => {
  const best = { evalStrategy: 'steps', loadBestModelAtEnd: true, saveStrategy: 'steps' } as const;
  const misspelt = train({ ...best, saveSteps: 10, evalSteps: 10, metricForBestModel: 'rewrad' });
  await expect(misspelt).rejects.toThrow(ConfigError);
  await expect(train({ ...best, saveSteps: 10, evalSteps: 10 })).rejects.toThrow(ConfigError);
});
