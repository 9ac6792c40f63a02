import type { LikelihoodTurnOptions } from '../likelihood-turns.ts';
import type { DialogueOptions } from './dialogues.ts';

/**
 * Sizes, rates and strengths of the study; found on seeds 100 and up, reported on 0, 1 and 2. Where the paper says what
 * it took, so is it here: batch 32, one epoch, AdamW with β (0.9, 0.95), ε 1e-8 and weight decay 0.1, gradients clipped
 * at 1, a warm-up. The rate is higher, as small models need, and falls to 0 along a cosine, where the paper's ends at a
 * tenth of its peak.
 */

/** What the base model is and how it learns to write. */
export interface BaseSettings {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
}

/** How preference training goes, whatever the loss. */
export interface TrainingSettings {
  readonly pairs: number;
  readonly batch: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** Steps between measurements. */
  readonly evalSteps: number;
}

/** What a policy is measured on. */
export interface MeasurementSettings {
  readonly pairs: number;
  readonly prompts: number;
  readonly maxCompletionLength: number;
  readonly temperature: number;
  readonly topP: number;
  readonly k: number;
  /** Tokens that diversity is counted over. */
  readonly diversityTokens: number;
}

export interface TaskSettings {
  readonly base: BaseSettings;
  readonly training: TrainingSettings;
  readonly measurement: MeasurementSettings;
}

/** Nats per point of gold reward: of the labels' Bradley–Terry draws and of win probability. */
export const rewardScale = 2;

/** The paper's decoding. */
const decoding = { temperature: 0.5, topP: 0.75, k: 10 };

export const generated: TaskSettings = {
  base: { hiddenSize: 64, layers: 2, steps: 400, batch: 64, learningRate: 3e-3 },
  training: {
    pairs: 4608,
    batch: 32,
    epochs: 1,
    learningRate: 4e-4,
    warmupSteps: 12,
    evalSteps: 9,
  },
  measurement: {
    ...decoding,
    pairs: 96,
    prompts: 192,
    maxCompletionLength: 64,
    diversityTokens: 5000,
  },
};

/** The whole in a few minutes; its numbers mean nothing. */
export const quickGenerated: TaskSettings = {
  base: { ...generated.base, steps: 30, batch: 32 },
  training: { ...generated.training, pairs: 192, evalSteps: 2, warmupSteps: 2 },
  measurement: { ...generated.measurement, pairs: 32, prompts: 32, diversityTokens: 500 },
};

/** The rule by which the indicators stop a run: what kept most win probability on seeds 100 and 101. */
export const detectorOptions: LikelihoodTurnOptions = {
  smoothing: 0.5,
  patience: 4,
  entropyHysteresis: 0.05,
  massHysteresis: 0.004,
  entropy: 'raw',
};

/** How turns of the entropy are read off curves: more finely than is wise for a rule, and without the mass. */
export const turnOptions: LikelihoodTurnOptions = {
  ...detectorOptions,
  smoothing: 1,
  patience: 2,
  entropyHysteresis: 0.02,
  massHysteresis: 1,
};

/** The rule that stops every run at one step: the best one on seed 100. */
export const fixedStep = 18;

/** The part on human preferences. */
export interface RealSettings extends TaskSettings {
  readonly dialogues: DialogueOptions & { readonly held: number; readonly rewardModel: number };
}

export const real: RealSettings = {
  dialogues: { promptLength: 64, completionLength: 64, held: 312, rewardModel: 800 },
  base: { hiddenSize: 64, layers: 2, steps: 150, batch: 32, learningRate: 3e-3 },
  training: {
    pairs: 1200,
    batch: 32,
    epochs: 1,
    learningRate: 3e-4,
    warmupSteps: 4,
    evalSteps: 9,
  },
  measurement: {
    ...decoding,
    pairs: 312,
    prompts: 128,
    maxCompletionLength: 64,
    diversityTokens: 4000,
  },
};

export const quickReal: RealSettings = {
  ...real,
  base: { ...real.base, steps: 10 },
  training: { ...real.training, pairs: 192, epochs: 1, evalSteps: 2, warmupSteps: 2 },
  measurement: { ...real.measurement, pairs: 32, prompts: 16, diversityTokens: 500 },
};
