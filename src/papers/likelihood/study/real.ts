import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type PreferenceExample, randomIntegers, streamSeed } from '../../../data/index.ts';
import { Policy } from '../../../policy/index.ts';
import { makePrompt } from '../../../rollouts/index.ts';
import { byteTokenizer, type Tokenizer } from '../../../tokenizers/index.ts';
import { trainSupervised } from '../../../trainers/index.ts';
import type { Json } from '../../runner/cell.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import type { Arm } from './arms.ts';
import {
  type Dialogue,
  type DialogueSplit,
  dialoguesFile,
  readDialogues,
  splitDialogues,
} from './dialogues.ts';
import { completePrompts, measureCompletions } from './measurement.ts';
import type { RealSettings } from './settings.ts';
import { keepReferences, trainArm, WORK } from './train-arm.ts';

/** The dialogues, split. @throws TypeError without the data, for which no cell is planned. */
function loadSplit({ dialogues }: RealSettings, data: string | null): DialogueSplit<Dialogue> {
  const file = dialoguesFile(data);
  if (file === undefined) throw new TypeError('real cells need the dialogues');
  return splitDialogues(readDialogues(file, dialogues), dialogues);
}

/** Pieces of the dialogues of one length, each from a random place. */
function pieces(
  texts: readonly string[],
  { count, length, seed }: { count: number; length: number; seed: number },
) {
  const random = randomIntegers(streamSeed(seed, 1));
  const whole = texts.join('\n\n');
  return Array.from({ length: count }, (_, index) => {
    const start = random(whole.length - length);
    return { example: { index, columns: {} }, text: whole.slice(start, start + length) };
  });
}

/** Trains a base model of a seed on the text of the dialogues that are not held out. */
export async function computeRealBase(
  settings: RealSettings,
  seed: number,
  { folder, data, report }: CellContext,
): Promise<Json> {
  const { hiddenSize, layers, steps, batch, learningRate } = settings.base;
  const split = loadSplit(settings, data);
  const texts = [...split.policy, ...split.rewardModel].map(({ text }) => text);
  const policy = Policy.create(
    {
      hiddenSize,
      numHiddenLayers: layers,
      numAttentionHeads: 4,
      maxPositionEmbeddings: 1024,
      initializerRange: 0.05,
      tieWordEmbeddings: false,
    },
    byteTokenizer(),
    { seed },
  );
  const length = settings.dialogues.promptLength + settings.dialogues.completionLength;
  let loss = Number.NaN;
  await trainSupervised({
    policy,
    examples: pieces(texts, { count: steps * batch, length, seed }),
    evalExamples: pieces(
      split.held.map(({ text }) => text),
      { count: 256, length, seed: 0 },
    ),
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
  rmSync(join(folder, WORK), { recursive: true, force: true });
  policy.save(join(folder, 'model'));
  await keepReferences({
    policy,
    train: split.policy.slice(0, settings.training.pairs),
    settings: settings.training,
    folder,
    referenceFile: join(folder, 'reference-logprobs.safetensors'),
  });
  const { policy: trained, rewardModel, held } = split;
  return { heldOutLoss: loss, rows: [trained.length, rewardModel.length, held.length] };
}

const promptsOf = (rows: readonly PreferenceExample[], count: number, tokenizer: Tokenizer) =>
  rows
    .slice(0, count)
    .map((row) => makePrompt({ example: row.example, prompt: row.prompt }, tokenizer));

/** Trains one arm on the human preferences. Nobody judges its completions. */
export async function computeRealArm(
  arm: Arm,
  settings: RealSettings,
  { seed, base, context }: { seed: number; base: string; context: CellContext },
): Promise<Json> {
  const tokenizer = byteTokenizer();
  const policy = Policy.load(join(base, 'model'), { tokenizer });
  const { policy: train, held } = loadSplit(settings, context.data);
  const prompts = promptsOf(held, settings.measurement.prompts, tokenizer);
  const measurements = await trainArm({
    arm,
    settings: settings.training,
    policy,
    train: train.slice(0, settings.training.pairs),
    held: held.slice(0, settings.measurement.pairs),
    referenceFile: join(base, 'reference-logprobs.safetensors'),
    seed,
    folder: context.folder,
    report: context.report,
    measure: async (now) => ({
      ...measureCompletions(
        now,
        await completePrompts(now, prompts, settings.measurement),
        settings.measurement,
      ),
    }),
  });
  return { measurements, samples: [], prompts: [] } as unknown as Json;
}
