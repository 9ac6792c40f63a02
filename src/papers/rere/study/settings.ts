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
  /** Of a step's users: of all lengths, or of similar ones. */
  readonly order: 'random' | 'group_by_length';
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

/** The arms that go on with questions which the start has not learned. */
export interface NewQuestionSettings {
  /** Each of as many questions as a step of training by reward has. */
  readonly steps: number;
  /** Larger ones hold answers that the start does not know more often. */
  readonly groupSize: number;
  /** Learning rates, each the best of its kind that was tried. */
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
  readonly newQuestions: NewQuestionSettings;
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

/** With SASRec's batch, dropout and no decay: the best that was found. */
const supervised: SupervisedSettings = {
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

/** Larger and no better: what the study had first. */
const wide: SupervisedSettings = {
  hiddenSize: 128,
  intermediateSize: 384,
  layers: 2,
  heads: 4,
  learningRate: 2e-3,
  weightDecay: 0.1,
  dropout: 0.2,
  batch: 64,
  order: 'group_by_length',
  epochs: 16,
  evalEpochs: 2,
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

/** Nearly each of Beauty's 22,363 once. */
const newQuestions: NewQuestionSettings = {
  steps: 699,
  groupSize: 32,
  reward: 3e-4,
  supervised: 1e-4,
};

const collaborative: CollaborativeSettings = { learningRate: 3e-4, klCoefficient: 0.1 };

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
  dropout: supervised.dropout,
  batch: 32,
  steps: 300,
  evalSteps: 75,
};

/** Every beginning of an id has a token, so that an item's last token is the item's alone. */
export const beauty: TaskSettings = {
  dataset: 'amazon-beauty',
  items: 'semantic',
  codes: 'deciding',
  vocabulary: 'beginnings',
  maxHistory: 20,
  distribution: 'constrained',
  measure,
  supervised,
  reward,
  newQuestions,
  collaborative,
  sasrec,
  sdpo,
};

/** From a start that knows less. */
export const beautyWide: TaskSettings = {
  ...beauty,
  supervised: wide,
  reward: { ...reward, dropout: wide.dropout },
  newQuestions: { ...newQuestions, steps: reward.steps, groupSize: reward.groupSize },
  sdpo: { ...sdpo, dropout: wide.dropout },
};

/** A token for each item, and SASRec's width and depth: what ids cost, apart from how a language model is trained. */
export const beautyTokens: TaskSettings = {
  dataset: 'amazon-beauty',
  items: 'token',
  maxHistory: 20,
  distribution: 'full',
  measure,
  supervised: {
    ...supervised,
    hiddenSize: sasrec.hiddenSize,
    intermediateSize: 2 * sasrec.hiddenSize,
    heads: 1,
  },
  reward,
  newQuestions,
  collaborative,
  sasrec,
  sdpo,
};

/** Its 8,317 new questions are asked once, nearly, too. */
export const scientific: TaskSettings = {
  ...beauty,
  dataset: 'amazon-scientific',
  newQuestions: { ...newQuestions, steps: 260 },
};

/** Titles are several times as long as semantic ids. */
export const scientificTitles: TaskSettings = {
  ...beautyWide,
  dataset: 'amazon-scientific',
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
  newQuestions: { ...task.newQuestions, steps: 6, groupSize: 8 },
  sasrec: { ...task.sasrec, hiddenSize: 32, epochs: 2 },
  sdpo: { ...task.sdpo, batch: 16, steps: 6, evalSteps: 3 },
});
