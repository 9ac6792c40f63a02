import type { RewardName } from '../rewards/index.ts';
import type { SamplerName } from '../samplers/index.ts';

interface RewardArmKind {
  readonly title: string;
  readonly sampler: SamplerName;
  readonly reward: RewardName;
  /** Of the last completion of each group; default `drawn`. */
  readonly lastCompletion?: 'target';
  /** `new`: those of validation, so that no checkpoint is chosen; else the start's own. */
  readonly questions?: 'new';
}

/** The reward-trained arms, by the names of their cells. */
export const rewardArms = {
  'grpo-iid': { title: '+ GRPO, i.i.d. samples, rule reward', sampler: 'iid', reward: 'rule' },
  'grpo-beam': { title: '+ GRPO, beam search, rule reward', sampler: 'beam', reward: 'rule' },
  rere: { title: '+ ReRe: beam search, ranking reward', sampler: 'beam', reward: 'ranking' },
  'rere-dynamic': {
    title: '+ dynamic sampling, ranking reward',
    sampler: 'dynamic',
    reward: 'ranking',
  },
  'rere-target': {
    title: '+ beam search with the answer in every group, ranking reward',
    sampler: 'beam',
    reward: 'ranking',
    lastCompletion: 'target',
  },
  'semantic-reward': {
    title: '+ beam search, semantic reward',
    sampler: 'beam',
    reward: 'semantic',
  },
  'collaborative-reward': {
    title: '+ beam search, collaborative reward of SASRec',
    sampler: 'beam',
    reward: 'collaborative',
  },
  'rere-new': {
    title: '+ ReRe on questions that the start has not learned',
    sampler: 'beam',
    reward: 'ranking',
    questions: 'new',
  },
} as const satisfies Readonly<Record<string, RewardArmKind>>;

export type RewardArm = keyof typeof rewardArms;

/** The control of `rere-new`: as many of the same questions, learned as before. */
export const SUPERVISED_NEW = 'supervised-new';

/** A baseline that goes on from the start by preferences. */
export const SDPO = 'sdpo';

/** A reward-trained arm in full. */
export const rewardArm = (arm: RewardArm): RewardArmKind => rewardArms[arm];

export const isRewardArm = (arm: string): arm is RewardArm => arm in rewardArms;

/** Whether an arm goes on from the supervised one. */
export const goesOn = (arm: string): boolean =>
  isRewardArm(arm) || arm === SUPERVISED_NEW || arm === SDPO;

/** Whether an arm learns the questions of validation, which then say nothing of it. */
export const learnsNew = (arm: string): boolean =>
  arm === SUPERVISED_NEW || (isRewardArm(arm) && rewardArm(arm).questions === 'new');

export const armTitles: Readonly<Record<string, string>> = {
  popularity: 'Popularity',
  sasrec: 'SASRec, cross-entropy over all items',
  supervised: 'Supervised, constrained beam search',
  [SDPO]: '+ S-DPO, answers over drawn items',
  ...Object.fromEntries(Object.entries(rewardArms).map(([name, { title }]) => [name, title])),
  [SUPERVISED_NEW]: '+ supervised, on those questions',
};

/** Whether an arm asks the trained SASRec of its seed. */
export const asksSasrec = (arm: string): boolean =>
  isRewardArm(arm) && rewardArms[arm].reward === 'collaborative';
