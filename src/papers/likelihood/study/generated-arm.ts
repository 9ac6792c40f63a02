import { join } from 'node:path';
import { randomIntegers, streamSeed } from '../../../data/index.ts';
import { winProbability } from '../../../metrics/index.ts';
import { Policy } from '../../../policy/index.ts';
import { charTokenizer } from '../../../tokenizers/index.ts';
import type { RolloutGroup } from '../../../types.ts';
import type { Json } from '../../runner/cell.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import { goldReward, rewardParts } from '../task/gold-reward.ts';
import { alphabet } from '../task/lexicon.ts';
import { competitor, writeSentence } from '../task/writer.ts';
import type { Arm } from './arms.ts';
import { REFERENCE_FILE, readPairs } from './generated-base.ts';
import { type Asked, drawPrompts, sentenceOf } from './generated-prompts.ts';
import { completePrompts, measureCompletions } from './measurement.ts';
import { rewardScale, type TaskSettings } from './settings.ts';
import { trainArm } from './train-arm.ts';

/** Held-out instructions and what the competitor wrote: the same for every arm and seed. */
function heldOut(count: number, tokenizer: Policy['tokenizer']) {
  const random = randomIntegers(streamSeed(0, 9));
  const asked = drawPrompts(count, random, tokenizer);
  const against = asked.map(({ instruction }) => [
    rewardScale * goldReward(writeSentence(instruction, competitor, random), instruction),
  ]);
  return { asked, against };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Win probability, gold reward and its parts. */
function judge(groups: readonly RolloutGroup[], asked: readonly Asked[], against: number[][]) {
  const sentences = groups.map(({ rollouts }) => sentenceOf(rollouts[0]!.text));
  const rewards = sentences.map((sentence, p) => goldReward(sentence, asked[p]!.instruction));
  const parts = sentences.map((sentence, p) => rewardParts(sentence, asked[p]!.instruction));
  const meanPart = (part: keyof (typeof parts)[number]) => mean(parts.map((each) => each[part]));
  return {
    winProbability: winProbability(
      rewards.map((reward) => [rewardScale * reward]),
      against,
    )!,
    reward: mean(rewards),
    things: meanPart('things'),
    tone: meanPart('tone'),
    adjectives: meanPart('adjectives'),
    grammar: meanPart('grammar'),
  };
}

/** Trains one arm from the seed's base model on its preferences. */
export async function computeGeneratedArm(
  arm: Arm,
  settings: TaskSettings,
  { seed, base, context }: { seed: number; base: string; context: CellContext },
): Promise<Json> {
  const { measurement, training } = settings;
  const tokenizer = charTokenizer(alphabet);
  const policy = Policy.load(join(base, 'model'), { tokenizer });
  const pairs = readPairs(base);
  const { asked, against } = heldOut(measurement.prompts, tokenizer);
  const prompts = asked.map(({ prompt }) => prompt);
  const samples: { step: number; sentences: string[] }[] = [];
  const measurements = await trainArm({
    arm,
    settings: training,
    policy,
    train: pairs.slice(measurement.pairs),
    held: pairs.slice(0, measurement.pairs),
    referenceFile: join(base, REFERENCE_FILE),
    seed,
    folder: context.folder,
    report: context.report,
    measure: async (now) => {
      const groups = await completePrompts(now, prompts, measurement);
      const sentences = groups.slice(0, 3).map(({ rollouts }) => sentenceOf(rollouts[0]!.text));
      samples.push({ step: samples.length * training.evalSteps, sentences });
      return { ...measureCompletions(now, groups, measurement), ...judge(groups, asked, against) };
    },
  });
  return { measurements, samples, prompts: prompts.slice(0, 3).map(({ text }) => text) };
}
