import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PreferenceExample, randomIntegers, streamSeed } from '../../../data/index.ts';
import { Policy, resolveSampling } from '../../../policy/index.ts';
import { collectRollouts } from '../../../rollouts/index.ts';
import { Generator } from '../../../tensor/index.ts';
import { charTokenizer } from '../../../tokenizers/index.ts';
import { trainSupervised } from '../../../trainers/index.ts';
import type { Json } from '../../runner/cell.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import { goldReward } from '../task/gold-reward.ts';
import { alphabet } from '../task/lexicon.ts';
import { chance, drawInstruction, mixedWriter, promptOf, writeSentence } from '../task/writer.ts';
import { drawPrompts, sentenceOf } from './generated-prompts.ts';
import { rewardScale, type TaskSettings } from './settings.ts';
import { keepReferences, WORK } from './train-arm.ts';

/** Independent streams of one seed. */
const streams = { demonstrations: 1, instructions: 2, labels: 3, pairs: 4 } as const;

const PAIRS_FILE = 'pairs.jsonl';
export const REFERENCE_FILE = 'reference-logprobs.safetensors';

/** The preferences that a base cell left in its folder, held-out ones first. */
export const readPairs = (folder: string): PreferenceExample[] =>
  readFileSync(join(folder, PAIRS_FILE), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line, index) => ({
      ...(JSON.parse(line) as { prompt: string; chosen: string; rejected: string }),
      example: { index, columns: {} },
    }));

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Trains the base model on sentences of mixed quality. @returns its held-out loss. */
async function trainBase(
  policy: Policy,
  { steps, batch, learningRate }: TaskSettings['base'],
  { seed, folder, report }: { seed: number } & Pick<CellContext, 'folder' | 'report'>,
): Promise<number> {
  const random = randomIntegers(streamSeed(seed, streams.demonstrations));
  const examples = Array.from({ length: steps * batch + 512 }, (_, index) => {
    const instruction = drawInstruction(random);
    const completion = ` ${writeSentence(instruction, mixedWriter, random)}`;
    return { example: { index, columns: {} }, prompt: promptOf(instruction), completion };
  });
  let loss = Number.NaN;
  await trainSupervised({
    policy,
    examples: examples.slice(512),
    evalExamples: examples.slice(0, 512),
    seed,
    numTrainEpochs: 1,
    perDeviceTrainBatchSize: batch,
    perDeviceEvalBatchSize: 64,
    learningRate,
    lrSchedulerType: 'cosine',
    warmupSteps: 20,
    adamBeta2: 0.99,
    weightDecay: 0.1,
    evalStrategy: 'epoch',
    saveStrategy: 'no',
    loggingSteps: 100,
    outputDir: join(folder, WORK, 'run'),
    console: null,
    onEvent: (event) => {
      if (event.type === 'step-end' && event.step % 10 === 0)
        report(`base step ${event.step} of ${steps}`);
      if (event.type === 'evaluation-end') loss = event.metrics.eval_loss ?? loss;
    },
  });
  return loss;
}

/**
 * Pairs of two samples of a policy per prompt, the better one drawn by Bradley and Terry:
 *   P(a ≻ b) = σ(s (r(a) − r(b))),   r the gold reward, s nats a point
 */
async function drawPairs(policy: Policy, count: number, seed: number) {
  const random = randomIntegers(streamSeed(seed, streams.instructions));
  const asked = drawPrompts(count, random, policy.tokenizer);
  const groups = await collectRollouts(
    policy,
    asked.map(({ prompt }) => prompt),
    {
      groupSize: 2,
      sampling: resolveSampling({ maxCompletionLength: 64 }),
      generator: new Generator(Number(streamSeed(seed, streams.pairs) >> 12n)),
      batchRows: 512,
    },
  );
  const labels = randomIntegers(streamSeed(seed, streams.labels));
  return groups.map(({ prompt, rollouts }, p) => {
    const [a, b] = rollouts.map(({ text }) => ({
      text,
      reward: goldReward(sentenceOf(text), asked[p]!.instruction),
    }));
    const isFirst = chance(labels, sigmoid(rewardScale * (a!.reward - b!.reward)));
    const [chosen, rejected] = isFirst ? [a!, b!] : [b!, a!];
    return { prompt: prompt.text, chosen, rejected };
  });
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Trains the base model of a seed and draws its preferences; leaves both in the cell's folder. */
export async function computeGeneratedBase(
  { base, training, measurement }: TaskSettings,
  seed: number,
  { folder, report }: CellContext,
): Promise<Json> {
  const policy = newBase(base, seed);
  const loss = await trainBase(policy, base, { seed, folder, report });
  report('drawing preferences');
  const pairs = await drawPairs(policy, training.pairs + measurement.pairs, seed);
  rmSync(join(folder, WORK), { recursive: true, force: true });
  policy.save(join(folder, 'model'));
  const rows = pairs.map(({ prompt, chosen, rejected }) => ({
    prompt,
    chosen: chosen.text,
    rejected: rejected.text,
  }));
  writeFileSync(join(folder, PAIRS_FILE), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  report('scoring preferences');
  await keepReferences({
    policy,
    train: readPairs(folder).slice(measurement.pairs),
    settings: training,
    folder,
    referenceFile: join(folder, REFERENCE_FILE),
  });
  const rewards = pairs.flatMap(({ chosen, rejected }) => [chosen.reward, rejected.reward]);
  const decided = pairs.filter(({ chosen, rejected }) => chosen.reward !== rejected.reward);
  const right = decided.filter(({ chosen, rejected }) => chosen.reward > rejected.reward);
  return {
    heldOutLoss: loss,
    meanReward: mean(rewards),
    labelsRight: right.length / decided.length,
    decidedPairs: decided.length / pairs.length,
    chosenReward: mean(pairs.map(({ chosen }) => chosen.reward)),
    rejectedReward: mean(pairs.map(({ rejected }) => rejected.reward)),
    chosenLength: mean(pairs.map(({ chosen }) => chosen.text.length)),
    rejectedLength: mean(pairs.map(({ rejected }) => rejected.text.length)),
    examples: rows.slice(0, 4),
  };
}

const newBase = ({ hiddenSize, layers }: TaskSettings['base'], seed: number): Policy =>
  Policy.create(
    {
      hiddenSize,
      numHiddenLayers: layers,
      numAttentionHeads: 4,
      maxPositionEmbeddings: 128,
      initializerRange: 0.05,
      tieWordEmbeddings: false,
    },
    charTokenizer(alphabet),
    { seed },
  );
