import { z } from 'zod';
import { type CheckProblem, configGroup } from '../../../config/index.ts';
import {
  batchingOptions,
  checkpointOptions,
  checkSchedule,
  evaluationOptions,
  modelOptions,
} from '../../../trainers/config/index.ts';

const count = z.int().min(1);

/** Where the trained recommender goes. Every method has it. */
export const filesGroup = <Method extends string>(method: Method) =>
  configGroup('Files', {
    method: z
      .literal(method)
      .default(method as never)
      .describe('How it is trained.'),
    out: z
      .string()
      .min(1)
      .describe(
        'Folder of the trained recommender; its run is in `run` below unless output_dir says otherwise.',
      ),
  });

/** How a language model reads and writes items. */
export const languageGroup = configGroup('Items', {
  items: z
    .enum(['semantic', 'title', 'token'])
    .default('semantic')
    .describe(
      'What an item is to the model: its semantic id, its title, or a token of its own, which needs neither. Of a trained recommender: as it was.',
    ),
  codes: z
    .enum(['all', 'deciding'])
    .default('all')
    .describe(
      'Codes of a semantic id that are written: all, or no more than tell it from every other, so that texts get shorter. Of a trained recommender: as it was.',
    ),
  vocabulary: z
    .enum(['codes', 'beginnings'])
    .default('codes')
    .describe(
      'What has a token of its own: each code of a semantic id, or each beginning of one, so that the last token of an item is the item’s alone. Of a trained recommender: as it was.',
    ),
  maxHistory: count.default(20).describe('Items of a history that are read, the last ones.'),
  itemsWithout: z
    .enum(['error', 'leave-out'])
    .default('error')
    .describe('What to do about items without id or title: stop, or never read or recommend them.'),
  prefix: z.string().default('').describe('Text before every history, where items are titles.'),
  distribution: z
    .enum(['full', 'constrained'])
    .default('full')
    .describe(
      'What a token’s likelihood is of, in training and search: the whole vocabulary, as published, or the tokens that items allow there. Of a trained recommender: as it was.',
    ),
});

interface WrittenItems {
  readonly items: string;
  readonly codes: string;
  readonly vocabulary: string;
  readonly prefix: string;
}

/** What a token of its own has no use for. */
export function checkItems({ items, codes, vocabulary, prefix }: WrittenItems): CheckProblem[] {
  if (items !== 'token') return [];
  const given = {
    codes: codes !== 'all',
    vocabulary: vocabulary !== 'codes',
    prefix: prefix !== '',
  };
  return Object.entries(given)
    .filter(([, isGiven]) => isGiven)
    .map(([at]) => ({ at, message: 'items: token has no use for it; leave it out' }));
}

const { shape: model } = modelOptions.fields;

/** Which policy is trained: a recommender’s folder, a language model, or a new one. */
export const recommenderModelGroup = configGroup('Model', {
  modelNameOrPath: model.modelNameOrPath.describe(
    'Folder of a trained recommender to go on from, a Hugging Face model folder, or a Hub name; null: model.',
  ),
  modelRevision: model.modelRevision,
  model: model.model,
  dtype: model.dtype,
  bf16: model.bf16,
  device: model.device,
});

/** Which questions are learned, and which of validation choose the checkpoint. */
export const validationGroup = configGroup('Questions', {
  datasetTrainSplit: z
    .enum(['train', 'valid'])
    .default('train')
    .describe(
      'Questions that are learned. valid: those of validation, which a recommender that went before has not learned; they choose no checkpoint then.',
    ),
  validationQuestions: z
    .int()
    .min(0)
    .default(1000)
    .describe(
      'Validation questions of each evaluation, the same each time; 0: the last weights are kept.',
    ),
  validationWidth: count.default(20).describe('Beams of the search.'),
  validationBatchSize: count.default(64).describe('Histories read at one time.'),
  validationHistoryItems: z
    .enum(['kept', 'left-out'])
    .default('kept')
    .describe(
      'Whether items of a history count among those recommended, as evaluate’s history_items.',
    ),
});

interface LearnedQuestions {
  readonly datasetTrainSplit: string;
  readonly validationQuestions: number;
}

/** What is learned says nothing of what was learned. */
export const checkQuestions = (config: LearnedQuestions): CheckProblem[] =>
  config.datasetTrainSplit === 'valid' && config.validationQuestions > 0
    ? [
        {
          at: 'validationQuestions',
          message:
            'dataset_train_split: valid learns the questions that would choose the checkpoint; set validation_questions to 0, so that the last weights are kept',
        },
      ]
    : [];

/** Where nothing is asked of validation nothing waits for it, and the last weights are kept. */
export const unvalidated = {
  evalStrategy: 'no',
  evalOnStart: false,
  loadBestModelAtEnd: false,
  metricForBestModel: null,
  earlyStoppingPatience: null,
} as const;

type Schedule = Parameters<typeof checkSchedule>[0] & { readonly validationQuestions: number };

/** As the trainers' check, with evaluations only where validation has questions. */
export function checkRecommenderSchedule(config: Schedule): CheckProblem[] {
  if (config.validationQuestions > 0) return checkSchedule(config);
  if (config.saveStrategy !== 'best') return checkSchedule({ ...config, ...unvalidated });
  const message =
    'best waits for evaluations, and validation_questions: 0 asks for none; set save_strategy to steps, epoch or no';
  return [{ at: 'saveStrategy', message }];
}

const { shape: evaluation } = evaluationOptions.fields;

/** Evaluations that wait for a better one. */
export const evaluationGroup = (when: 'epoch' | 'steps', evalSteps: number | null) =>
  configGroup(evaluationOptions.title, {
    evalStrategy: evaluation.evalStrategy.default(when),
    evalSteps: evaluation.evalSteps.default(evalSteps),
    evalOnStart: evaluation.evalOnStart.default(when === 'steps'),
    earlyStoppingPatience: evaluation.earlyStoppingPatience.default(3),
  });

const { shape: checkpoints } = checkpointOptions.fields;

/** Checkpoints that keep the best evaluation. */
export const checkpointGroup = (when: 'epoch' | 'steps', saveSteps: number) =>
  configGroup(checkpointOptions.title, {
    ...checkpoints,
    outputDir: checkpoints.outputDir.describe('Run folder; null: `run` in out.'),
    saveStrategy: checkpoints.saveStrategy.default(when),
    saveSteps: checkpoints.saveSteps.default(saveSteps),
    saveTotalLimit: checkpoints.saveTotalLimit.default(1),
    loadBestModelAtEnd: checkpoints.loadBestModelAtEnd.default(true),
    metricForBestModel: checkpoints.metricForBestModel.default('ranking/ndcg_10'),
  });

const { shape: batching } = batchingOptions({ unit: 'completions' }).fields;

/** How long to train, under which seed. */
export const lengthGroup = (numTrainEpochs: number) =>
  configGroup('Length', {
    numTrainEpochs: batching.numTrainEpochs.default(numTrainEpochs),
    maxSteps: batching.maxSteps,
    seed: batching.seed,
    dataSeed: batching.dataSeed,
    paddingFree: batching.paddingFree.default(true),
  });

interface ModelSource {
  readonly modelNameOrPath: string | null;
  readonly model: object | null;
}

/** Exactly one model. */
export function checkModelSource({ modelNameOrPath, model: sizes }: ModelSource): CheckProblem[] {
  if (modelNameOrPath !== null && sizes !== null)
    return [{ at: 'model', message: 'model_name_or_path is set too; remove one of them' }];
  if (modelNameOrPath !== null || sizes !== null) return [];
  return [
    {
      at: 'modelNameOrPath',
      message:
        'required: what to start from, or `model` with the sizes of a new one, such as --model.hidden_size 128',
    },
  ];
}
