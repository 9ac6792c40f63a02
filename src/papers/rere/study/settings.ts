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
  /** Left out: neighbours of similar length. */
  readonly order?: 'random';
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

/** Learning rates of the arms that go on with questions which the start has not learned, each its own best. */
export interface NewQuestionRates {
  readonly reward: number;
  readonly supervised: number;
}

/** How far training by another recommender's scores may go: those it over-optimises otherwise. */
export interface CollaborativeSettings {
  readonly learningRate: number;
  readonly klCoefficient: number;
}

/** The baseline that prefers answers to items drawn from the catalogue. */
export interface SdpoSettings {
  readonly learningRate: number;
  readonly beta: number;
  readonly negatives: number;
  readonly dropout: number;
  readonly batch: number;
  readonly steps: number;
  readonly evalSteps: number;
}

/** It reads as many items as the language models. */
export interface SasrecSettings {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly dropout: number;
  readonly learningRate: number;
  /** Users of a step. */
  readonly batchSize: number;
  readonly epochs: number;
  /** Epochs without a better validation after which it ends. */
  readonly patience: number;
}

/** One data set and what is trained on it. */
export interface TaskSettings {
  /** Folder of the data set, below that of the data. */
  readonly dataset: 'amazon-beauty' | 'amazon-scientific' | 'amazon-industrial';
  readonly items: 'semantic' | 'title' | 'token';
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
  readonly newRates: NewQuestionRates;
  readonly collaborative: CollaborativeSettings;
  readonly sasrec: SasrecSettings;
  readonly sdpo: SdpoSettings;
}

const measure: MeasureSettings = {
  validationQuestions: 2000,
  validationWidth: 20,
  finalValidation: 4000,
  finalTest: null,
  width: 20,
};

const supervised: SupervisedSettings = {
  hiddenSize: 128,
  intermediateSize: 384,
  layers: 2,
  heads: 4,
  learningRate: 2e-3,
  weightDecay: 0.1,
  dropout: 0.2,
  batch: 64,
  epochs: 16,
  evalEpochs: 2,
};

/** Smaller, with SASRec's batch, dropout and no decay: the best that was found, after the others had been recorded. */
const small: SupervisedSettings = {
  hiddenSize: 96,
  intermediateSize: 192,
  layers: 1,
  heads: 3,
  learningRate: 2e-3,
  weightDecay: 0,
  dropout: 0.3,
  batch: 128,
  order: 'random',
  epochs: 24,
  evalEpochs: 2,
};

/** Of items that are put together from codes. */
const ofCodes: SupervisedSettings = {
  ...supervised,
  hiddenSize: 256,
  dropout: 0.3,
};

const reward: RewardSettings = {
  learningRate: 1e-4,
  dropout: 0.3,
  promptsPerStep: 32,
  groupSize: 16,
  steps: 300,
  evalSteps: 75,
  klCoefficient: 1e-3,
};

const newRates: NewQuestionRates = { reward: 3e-4, supervised: 1e-4 };

const collaborative: CollaborativeSettings = { learningRate: 1e-4, klCoefficient: 0.1 };

const sasrec: SasrecSettings = {
  hiddenSize: 64,
  layers: 1,
  dropout: 0.3,
  learningRate: 2e-3,
  batchSize: 128,
  epochs: 40,
  patience: 5,
};

/** As many questions as training by reward sees. */
const sdpo: SdpoSettings = {
  learningRate: 1e-4,
  beta: 1,
  negatives: 3,
  dropout: 0.2,
  batch: 32,
  steps: 300,
  evalSteps: 75,
};

/** Items are put together from codes that others have too, and the decoder is twice as wide. */
export const beautyCodes: TaskSettings = {
  dataset: 'amazon-beauty',
  items: 'semantic',
  codes: 'deciding',
  maxHistory: 20,
  distribution: 'constrained',
  measure,
  supervised: ofCodes,
  reward,
  newRates,
  collaborative,
  sasrec,
  sdpo,
};

export const beauty: TaskSettings = {
  ...beautyCodes,
  vocabulary: 'beginnings',
  supervised,
  reward: { ...reward, dropout: supervised.dropout },
};

/** A better start. */
export const beautySmall: TaskSettings = {
  ...beauty,
  supervised: small,
  reward: { ...reward, dropout: small.dropout },
  sdpo: { ...sdpo, dropout: small.dropout },
};

/** A token for each item, and SASRec's width and depth: what ids cost, apart from how a language model is trained. */
export const beautyTokens: TaskSettings = {
  dataset: 'amazon-beauty',
  items: 'token',
  maxHistory: 20,
  distribution: 'full',
  measure,
  supervised: {
    ...small,
    hiddenSize: sasrec.hiddenSize,
    intermediateSize: 2 * sasrec.hiddenSize,
    heads: 1,
  },
  reward,
  newRates,
  collaborative,
  sasrec,
  sdpo,
};

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
  sasrec: { ...task.sasrec, hiddenSize: 32, epochs: 2 },
  sdpo: { ...task.sdpo, batch: 16, steps: 6, evalSteps: 3 },
});
