/** What the cells of the study compute; another value makes another cell. */
import type { SemanticVocabulary, WrittenCodes } from '../../../recommendation/index.ts';

/** How the questions that choose checkpoints, and those that are reported, are asked. */
export interface MeasureSettings {
  /** Validation questions of one evaluation during training. */
  readonly validationQuestions: number;
  /** Beams of it. */
  readonly validationWidth: number;
  /** Validation questions of the final measurement; null: all. */
  readonly finalValidation: number | null;
  /** Test questions of it; null: all. */
  readonly finalTest: number | null;
  /** Beams of it, and the largest cut-off; items of the history are taken out of these lists, for cut-offs up to 10. */
  readonly width: number;
}

export interface SupervisedSettings {
  readonly hiddenSize: number;
  /** Of the gated feed-forward blocks; left out: 8/3 of the width. */
  readonly intermediateSize?: number;
  readonly layers: number;
  readonly heads: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly dropout: number;
  readonly batch: number;
  readonly epochs: number;
  /** Epochs between evaluations. */
  readonly evalEpochs: number;
}

export interface RewardSettings {
  readonly learningRate: number;
  /** As in supervised training: without it, training by reward learns its questions by heart. */
  readonly dropout: number;
  readonly promptsPerStep: number;
  readonly groupSize: number;
  readonly steps: number;
  readonly evalSteps: number;
  readonly klCoefficient: number;
}

export interface SasrecSettings {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly dropout: number;
  readonly epochs: number;
}

/** One data set and what is trained on it. */
export interface TaskSettings {
  /** Folder of the data set, below that of the data. */
  readonly dataset: 'amazon-beauty' | 'amazon-scientific' | 'amazon-industrial';
  readonly items: 'semantic' | 'title';
  /** Codes of a semantic id that are written; left out: all. */
  readonly codes?: WrittenCodes;
  /** What of a semantic id has a token; left out: codes. */
  readonly vocabulary?: SemanticVocabulary;
  readonly maxHistory: number;
  /** What the likelihood of a token is of, in every stage. */
  readonly distribution: 'full' | 'constrained';
  readonly measure: MeasureSettings;
  readonly supervised: SupervisedSettings;
  readonly reward: RewardSettings;
  readonly sasrec: SasrecSettings;
}

const measure: MeasureSettings = {
  validationQuestions: 2000,
  validationWidth: 20,
  finalValidation: 4000,
  finalTest: null,
  width: 20,
};

const wide: SupervisedSettings = {
  hiddenSize: 256,
  layers: 2,
  heads: 4,
  learningRate: 2e-3,
  weightDecay: 0.1,
  dropout: 0.3,
  batch: 64,
  epochs: 14,
  evalEpochs: 2,
};

const supervised: SupervisedSettings = { ...wide, intermediateSize: 384, epochs: 16 };

const reward: RewardSettings = {
  learningRate: 1e-4,
  dropout: 0.3,
  promptsPerStep: 32,
  groupSize: 16,
  steps: 300,
  evalSteps: 75,
  klCoefficient: 1e-3,
};

const sasrec: SasrecSettings = { hiddenSize: 64, layers: 1, dropout: 0.3, epochs: 40 };

/** More of everything: all codes, wider feed-forward blocks, two thirds more computing. */
export const beautyWide: TaskSettings = {
  dataset: 'amazon-beauty',
  items: 'semantic',
  maxHistory: 20,
  distribution: 'constrained',
  measure,
  supervised: wide,
  reward,
  sasrec,
};

export const beauty: TaskSettings = { ...beautyWide, codes: 'deciding', supervised };

export const scientific: TaskSettings = { ...beauty, dataset: 'amazon-scientific' };

/** Titles are several times as long as semantic ids. */
export const scientificTitles: TaskSettings = {
  ...scientific,
  items: 'title',
  maxHistory: 10,
  measure: { ...measure, validationQuestions: 500, finalTest: 2000 },
};

export const industrial: TaskSettings = { ...beauty, dataset: 'amazon-industrial', maxHistory: 10 };

/** Small versions, to see that everything runs. */
export const quick = (task: TaskSettings): TaskSettings => ({
  ...task,
  maxHistory: 5,
  measure: {
    validationQuestions: 100,
    validationWidth: 16,
    finalValidation: 200,
    finalTest: 200,
    width: 20,
  },
  supervised: {
    ...task.supervised,
    hiddenSize: 48,
    intermediateSize: 128,
    layers: 2,
    epochs: 1,
    evalEpochs: 1,
    batch: 128,
  },
  reward: { ...task.reward, promptsPerStep: 16, groupSize: 8, steps: 6, evalSteps: 3 },
  sasrec: { hiddenSize: 32, layers: 1, dropout: 0.3, epochs: 2 },
});
