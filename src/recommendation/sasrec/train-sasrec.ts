import { parseConfig, toYaml } from '../../config/index.ts';
import { DataError } from '../../errors.ts';
import {
  type LoopOptions,
  runTraining,
  type StepArithmetic,
  type TrainerHooks,
  type TrainResult,
  takeHooks,
} from '../../trainers/index.ts';
import type { RecommendationData } from '../types.ts';
import { createSasrec, type SasrecModel } from './sasrec-model.ts';
import { type SasrecOptions, type SasrecOptionsInput, sasrecOptions } from './sasrec-options.ts';
import { sasrecRows } from './sasrec-rows.ts';
import { SasrecTask } from './sasrec-task.ts';

/** What training SASRec takes: a data set, and the options in camelCase. */
export interface SasrecTraining extends TrainerHooks, SasrecOptionsInput {
  readonly data: Pick<RecommendationData, 'items' | 'train' | 'valid'>;
}

/** The model as it was best on validation, and how the run went. */
export interface SasrecResult {
  readonly model: SasrecModel;
  readonly result: TrainResult;
}

const loopOptions = (options: SasrecOptions): LoopOptions => ({
  ...options,
  lrSchedulerType: 'constant',
  loggingFirstStep: false,
  maxNonfiniteSteps: 5,
  evalStrategy: 'epoch',
  evalOnStart: false,
  saveStrategy: 'epoch',
  saveTotalLimit: 1,
  loadBestModelAtEnd: true,
  metricForBestModel: 'ranking/ndcg_10',
  greaterIsBetter: true,
  earlyStoppingPatience: options.patience,
});

function arithmeticOf({ batchSize, numTrainEpochs }: SasrecOptions, rows: number): StepArithmetic {
  const stepsPerEpoch = Math.ceil(rows / batchSize);
  const totalSteps = Math.ceil(numTrainEpochs * stepsPerEpoch);
  return {
    totalSteps,
    stepsPerEpoch,
    microBatchesPerEpoch: stepsPerEpoch,
    epochs: totalSteps / stepsPerEpoch,
    warmupSteps: 0,
    loggingSteps: stepsPerEpoch,
    saveSteps: stepsPerEpoch,
    evalSteps: stepsPerEpoch,
  };
}

/**
 * Trains SASRec until validation gets no better, and gives back the best epoch's model.
 * Kang and McAuley 2018, arXiv:1808.09781, with cross-entropy over all items (`sasrecGradients`).
 * @throws ConfigError, DataError before the first step for options or data that cannot work.
 */
export async function trainSasrec(training: SasrecTraining): Promise<SasrecResult> {
  const { hooks, rest } = takeHooks(training);
  const { data, ...input } = rest;
  const options = parseConfig(sasrecOptions, input);
  const rows = sasrecRows(data.train, options.maxLength);
  if (rows.length === 0) throw new DataError('sasrec: no user has an item to learn from');
  if (data.valid.length === 0) {
    throw new DataError('sasrec: the data has no validation questions, which say when to stop');
  }
  const { hiddenSize, numLayers, numHeads, maxLength, dropout } = options;
  const sizes = { hiddenSize, numLayers, numHeads, maxLength, dropout };
  const model = createSasrec({ ...sizes, numItems: data.items.length }, options);
  const task = new SasrecTask({ model, rows, valid: data.valid, options });
  const start = {
    trainer: 'sasrec',
    configYaml: toYaml(options, sasrecOptions),
    arithmetic: arithmeticOf(options, rows.length),
  };
  const result = await runTraining(task, loopOptions(options), start, hooks);
  return { model, result };
}
