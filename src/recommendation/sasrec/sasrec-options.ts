import { z } from 'zod';
import { type ConfigInput, type ConfigOf, configGroup, defineConfig } from '../../config/index.ts';

const count = z.int().min(1);

/** Sizes of a SASRec model. */
export const sasrecSizes = configGroup('Model', {
  hiddenSize: count.default(64).describe('Width C of items, positions and states.'),
  numLayers: count.default(1).describe('Blocks of self-attention and feed-forward.'),
  numHeads: count.default(1).describe('Attention heads of a block; they divide hidden_size.'),
  maxLength: count.default(20).describe('Items of a history that are read, the last ones.'),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.3)
    .describe('Share of embeddings, attention weights and block outputs zeroed while training.'),
});

/** How a SASRec model is trained and where its run lives. */
export const sasrecTraining = configGroup('Training', {
  learningRate: z.number().min(0).default(2e-3).describe('Learning rate of AdamW, constant.'),
  weightDecay: z
    .number()
    .min(0)
    .default(0)
    .describe('Decoupled weight decay; biases and norm weights are left out.'),
  batchSize: count.default(128).describe('Users per optimiser step.'),
  numTrainEpochs: z.number().gt(0).default(100).describe('Passes over the users, at most.'),
  patience: count
    .default(5)
    .describe('Stop after this many epochs in a row without a better NDCG@10 on validation.'),
  seed: z.int().min(0).default(42).describe('Seed of weights, order of users and dropout.'),
  outputDir: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Run folder; null: runs/<run_name>, numbered when taken.'),
  runName: z.string().min(1).nullable().default(null).describe('Name of the run.'),
  resumeFromCheckpoint: z
    .union([z.boolean(), z.string().min(1)])
    .nullable()
    .default(null)
    .describe('true: the newest whole checkpoint of output_dir; or a checkpoint or run folder.'),
});

/** Everything that trains a SASRec model. The defaults are those of docs/recommendation.md, "SASRec". */
export const sasrecOptions = defineConfig({
  name: 'sasrec',
  summary: 'SASRec: self-attention over item histories, cross-entropy over all items.',
  groups: { sizes: sasrecSizes, training: sasrecTraining },
  check: ({ hiddenSize, numHeads }) =>
    hiddenSize % numHeads === 0
      ? []
      : [
          {
            at: 'numHeads',
            message: `hidden_size ${hiddenSize} does not divide into ${numHeads} heads; change one of them`,
          },
        ],
});

/** Resolved options. */
export type SasrecOptions = ConfigOf<typeof sasrecOptions>;
/** What a caller may write. */
export type SasrecOptionsInput = ConfigInput<typeof sasrecOptions>;

/** What fixes the shapes of a model and how it reads. */
export interface SasrecConfig
  extends Pick<SasrecOptions, 'hiddenSize' | 'numLayers' | 'numHeads' | 'maxLength' | 'dropout'> {
  /** V: items of the catalogue. */
  readonly numItems: number;
}
