/** Checks that need several options; each names the option to change and to what. */
import { type CheckProblem, nearestName } from '../../config/index.ts';
import { fixedMetrics, metricDefinition } from '../../metrics/index.ts';
import {
  greatestCommonDivisor,
  leastCommonMultiple,
  multipleNear,
  nearestDivisor,
} from './divisors.ts';

interface ScheduleOptions {
  warmupSteps: number;
  warmupRatio: number;
  saveStrategy: string;
  saveSteps: number;
  evalStrategy: string;
  evalSteps: number | null;
  loggingSteps: number;
  loadBestModelAtEnd: boolean;
  metricForBestModel: string | null;
  earlyStoppingPatience: number | null;
}

/** Warm-up, and saving against evaluation, as Hugging Face's Trainer requires them. */
export function checkSchedule(config: ScheduleOptions): CheckProblem[] {
  const problems: CheckProblem[] = [];
  const { warmupSteps, warmupRatio, saveStrategy, evalStrategy, loadBestModelAtEnd } = config;
  if (warmupSteps > 0 && warmupRatio > 0) {
    problems.push({
      at: 'warmupRatio',
      message: `warmup_steps is ${warmupSteps} too; set one of them to 0`,
    });
  }
  if (warmupSteps > 1 && !Number.isInteger(warmupSteps)) {
    problems.push({
      at: 'warmupSteps',
      message: `expected a whole number of steps or a share below 1, found ${warmupSteps}`,
    });
  }
  const metric = config.metricForBestModel;
  if (metric !== null && metricDefinition(metric) === undefined) {
    const nearest = nearestName(metric, Object.keys(fixedMetrics));
    problems.push({
      at: 'metricForBestModel',
      message: `no metric has this name${nearest === undefined ? '' : `; did you mean ${nearest}?`}`,
    });
  }
  if (saveStrategy === 'best' && config.metricForBestModel === null && !loadBestModelAtEnd) {
    problems.push({
      at: 'metricForBestModel',
      message: 'required by save_strategy: best; name an evaluation metric, such as reward',
    });
  }
  if (
    config.earlyStoppingPatience !== null &&
    config.metricForBestModel === null &&
    !loadBestModelAtEnd
  ) {
    problems.push({
      at: 'earlyStoppingPatience',
      message:
        'it waits for a best evaluation: set metric_for_best_model, or load_best_model_at_end for the lowest loss',
    });
  }
  const needsEvaluation =
    loadBestModelAtEnd || saveStrategy === 'best' || config.metricForBestModel !== null;
  if (needsEvaluation && evalStrategy === 'no') {
    const at = loadBestModelAtEnd ? 'loadBestModelAtEnd' : 'metricForBestModel';
    problems.push({
      at,
      message: 'the best model is chosen by evaluation: set eval_strategy to steps or epoch',
    });
    return problems;
  }
  if (loadBestModelAtEnd && saveStrategy !== 'best') problems.push(...checkBestIsSaved(config));
  return problems;
}

function checkBestIsSaved(config: ScheduleOptions): CheckProblem[] {
  const { saveStrategy, evalStrategy, saveSteps, evalSteps, loggingSteps } = config;
  if (saveStrategy !== evalStrategy) {
    const message = `load_best_model_at_end needs every evaluated model saved: set save_strategy to ${evalStrategy}, the eval_strategy`;
    return [{ at: 'saveStrategy', message }];
  }
  const interval = evalSteps ?? loggingSteps;
  const times = saveSteps / interval;
  const isMultiple = Math.abs(times - Math.round(times)) < 1e-9;
  const areAlike = saveSteps < 1 === interval < 1;
  if (saveStrategy !== 'steps' || (isMultiple && areAlike)) return [];
  if (!areAlike) {
    const message = `load_best_model_at_end needs every evaluated model saved, and of save_steps (${saveSteps}) and eval_steps (${interval}) one is a share of the run, the other a number of steps; set save_steps to ${interval}, or eval_steps to ${saveSteps}`;
    return [{ at: 'saveSteps', message }];
  }
  const message = `load_best_model_at_end needs save_steps to be a multiple of eval_steps (${interval}), found ${saveSteps}; set save_steps to ${interval * Math.max(1, Math.round(times))}`;
  return [{ at: 'saveSteps', message }];
}

/** Packing needs the length of a row. */
export function checkPacking(config: {
  packing: boolean;
  evalPacking: boolean | null;
  maxLength: number | null;
}): CheckProblem[] {
  const { packing, evalPacking, maxLength } = config;
  if (maxLength !== null || !(packing || evalPacking)) return [];
  const name = packing ? 'packing' : 'eval_packing';
  return [
    { at: 'maxLength', message: `required by ${name}: the tokens of a row, 1024 for instance` },
  ];
}

interface SourceOptions {
  modelNameOrPath: string | null;
  model: {
    hiddenSize: number;
    numAttentionHeads: number;
    numKeyValueHeads: number | null;
    headDim: number | null;
  } | null;
  tokenizer: string | null;
}

/** Exactly one model, with a tokenizer, and heads that divide. */
export function checkModel({ modelNameOrPath, model, tokenizer }: SourceOptions): CheckProblem[] {
  if (model === null) {
    if (modelNameOrPath !== null) return [];
    return [
      {
        at: 'modelNameOrPath',
        message: 'required: a model to start from, or `model` with the sizes of a new one',
      },
    ];
  }
  const problems: CheckProblem[] = [];
  if (modelNameOrPath !== null) {
    problems.push({ at: 'model', message: 'model_name_or_path is set too; remove one of them' });
  }
  if (tokenizer === null) {
    problems.push({
      at: 'tokenizer',
      message: 'required for a new model: `byte`, or a tokenizer folder or Hub name',
    });
  }
  const { hiddenSize, numAttentionHeads: heads, numKeyValueHeads: keyValueHeads } = model;
  if (model.headDim === null && hiddenSize % heads !== 0) {
    const message = `hidden_size ${hiddenSize} does not divide into ${heads} heads; set hidden_size to ${heads * Math.round(hiddenSize / heads) || heads}, or set head_dim`;
    problems.push({ at: 'model.hiddenSize', message });
  }
  if (keyValueHeads !== null && heads % keyValueHeads !== 0) {
    const message = `num_attention_heads ${heads} is not a multiple of num_key_value_heads ${keyValueHeads}; set num_key_value_heads to ${nearestDivisor(heads, keyValueHeads)}`;
    problems.push({ at: 'model.numKeyValueHeads', message });
  }
  return problems;
}

interface GroupOptions {
  perDeviceTrainBatchSize: number;
  gradientAccumulationSteps: number;
  perDeviceEvalBatchSize: number;
  evalStrategy: string;
  generationBatchSize: number | null;
  stepsPerGeneration: number | null;
  numGenerations: number;
  numGenerationsEval: number | null;
  lossType: string;
  beta: number;
  syncRefModel: boolean;
  loadBestModelAtEnd: boolean;
  metricForBestModel: string | null;
}

/** The batch arithmetic of group sampling, as TRL's GRPOConfig requires it. */
export function checkGroups(config: GroupOptions): CheckProblem[] {
  const problems: CheckProblem[] = [];
  const { perDeviceTrainBatchSize: batch, numGenerations: group, generationBatchSize } = config;
  if (config.lossType !== 'reinforce' && group < 2) {
    problems.push({
      at: 'numGenerations',
      message: `a group of ${group} has nothing to compare with; set num_generations to 2 or more, or loss_type to reinforce`,
    });
  }
  if (config.syncRefModel && config.beta === 0) {
    problems.push({
      at: 'syncRefModel',
      message:
        'there is no reference model to move while beta is 0; set beta above 0 or sync_ref_model to false',
    });
  }
  if (config.loadBestModelAtEnd && config.metricForBestModel === null) {
    problems.push({
      at: 'metricForBestModel',
      message:
        'required by load_best_model_at_end: an evaluation of completions has no loss; name a metric, such as reward',
    });
  }
  if (config.evalStrategy !== 'no') problems.push(...checkEvaluationGroups(config));
  if (generationBatchSize !== null && config.stepsPerGeneration !== null) {
    problems.push({
      at: 'stepsPerGeneration',
      message: 'generation_batch_size is set too; remove one of them',
    });
    return problems;
  }
  if (generationBatchSize !== null && generationBatchSize % batch !== 0) {
    const fitting = multipleNear(generationBatchSize, leastCommonMultiple(batch, group));
    problems.push({
      at: 'generationBatchSize',
      message: `${generationBatchSize} is not a multiple of per_device_train_batch_size ${batch}; set generation_batch_size to ${fitting}`,
    });
    return problems;
  }
  const steps = config.stepsPerGeneration ?? config.gradientAccumulationSteps;
  const sampled = generationBatchSize ?? batch * steps;
  if (sampled % group === 0) return problems;
  if (generationBatchSize !== null) {
    const fitting = multipleNear(sampled, leastCommonMultiple(batch, group));
    problems.push({
      at: 'generationBatchSize',
      message: `${sampled} completions do not divide into groups of num_generations ${group}; set generation_batch_size to ${fitting}, or num_generations to ${nearestDivisor(sampled, group)}`,
    });
  } else {
    const fitting = multipleNear(batch, group / greatestCommonDivisor(group, steps));
    const from =
      config.stepsPerGeneration === null ? 'gradient_accumulation_steps' : 'steps_per_generation';
    problems.push({
      at: 'perDeviceTrainBatchSize',
      message: `${batch} × ${from} ${steps} = ${sampled} completions do not divide into groups of num_generations ${group}; set per_device_train_batch_size to ${fitting}, or num_generations to ${nearestDivisor(sampled, group)}`,
    });
  }
  return problems;
}

function checkEvaluationGroups(config: GroupOptions): CheckProblem[] {
  const group = config.numGenerationsEval ?? config.numGenerations;
  const batch = config.perDeviceEvalBatchSize;
  if (batch % group === 0) return [];
  const name = config.numGenerationsEval === null ? 'num_generations' : 'num_generations_eval';
  const message = `${batch} completions do not divide into groups of ${name} ${group}; set per_device_eval_batch_size to ${multipleNear(batch, group)}`;
  return [{ at: 'perDeviceEvalBatchSize', message }];
}

/** As many weights as rewards. */
export function checkRewards({
  rewardFuncs,
  rewardWeights,
}: {
  rewardFuncs: readonly string[];
  rewardWeights: readonly number[] | null;
}): CheckProblem[] {
  if (rewardWeights === null || rewardWeights.length === rewardFuncs.length) return [];
  const message = `expected ${rewardFuncs.length} weights, one for each of ${rewardFuncs.join(', ')}, found ${rewardWeights.length}`;
  return [{ at: 'rewardWeights', message }];
}
