/** The numbers that follow from a configuration and a dataset's size, by the arithmetic of Transformers and TRL. */
import { ConfigError } from '../../errors.ts';
import { greatestCommonDivisor } from './divisors.ts';

/** Numbers every trainer derives. */
export interface StepArithmetic {
  /** Optimiser steps of the whole run. */
  readonly totalSteps: number;
  /** Optimiser steps of one pass over the rows, the last possibly short. */
  readonly stepsPerEpoch: number;
  /** Micro-batches of one pass over the rows. */
  readonly microBatchesPerEpoch: number;
  /** Passes over the rows that totalSteps amounts to. */
  readonly epochs: number;
  readonly warmupSteps: number;
  readonly loggingSteps: number;
  readonly saveSteps: number;
  readonly evalSteps: number;
}

/** Numbers of a supervised run. */
export interface SupervisedArithmetic extends StepArithmetic {
  readonly examplesPerStep: number;
}

/** Numbers of a group-sampling run. */
export interface GroupArithmetic extends StepArithmetic {
  /** Completions trained in one optimiser step. */
  readonly completionsPerStep: number;
  /** Groups trained in one optimiser step; a fraction when a group spans steps. */
  readonly promptsPerStep: number;
  /** Completions sampled at a time. */
  readonly generationBatchSize: number;
  /** Prompts sampled at a time. */
  readonly promptsPerGeneration: number;
  /** Micro-batches cut from one generation, in each of num_iterations passes. */
  readonly stepsPerGeneration: number;
  /** Generations of one pass over the prompts. */
  readonly generationsPerEpoch: number;
  /** Prompts left out of each pass because they do not fill a generation. */
  readonly promptsLeftOver: number;
  /** Completion tokens of one optimiser step, at most. */
  readonly maxCompletionTokensPerStep: number;
}

interface StepOptions {
  perDeviceTrainBatchSize: number;
  gradientAccumulationSteps: number;
  numTrainEpochs: number;
  maxSteps: number;
  warmupSteps: number;
  warmupRatio: number;
  loggingSteps: number;
  saveSteps: number;
  evalSteps: number | null;
}

interface GroupOptions extends StepOptions {
  numGenerations: number;
  numIterations: number;
  generationBatchSize: number | null;
  stepsPerGeneration: number | null;
  maxCompletionLength: number;
}

/**
 * Derives the numbers of a supervised run.
 * @param sequences - Rows.
 */
export function supervisedArithmetic(config: StepOptions, sequences: number): SupervisedArithmetic {
  if (sequences === 0) throw new ConfigError('the training dataset has no usable row');
  const microBatches = Math.ceil(sequences / config.perDeviceTrainBatchSize);
  return {
    examplesPerStep: config.perDeviceTrainBatchSize * config.gradientAccumulationSteps,
    ...stepArithmetic(config, microBatches),
  };
}

/**
 * Derives the numbers of a group-sampling run; one process, so TRL's num_processes is 1.
 *   generation_batch_size = per_device_train_batch_size × steps_per_generation
 *   micro-batches per epoch = ⌊rows / prompts per generation⌋ × num_iterations × steps_per_generation
 * @throws ConfigError when the rows do not fill one generation.
 */
export function groupArithmetic(config: GroupOptions, rows: number): GroupArithmetic {
  const { perDeviceTrainBatchSize: batch, numGenerations } = config;
  const stepsPerGeneration =
    config.generationBatchSize === null
      ? (config.stepsPerGeneration ?? config.gradientAccumulationSteps)
      : config.generationBatchSize / batch;
  const generationBatchSize = batch * stepsPerGeneration;
  const promptsPerGeneration = generationBatchSize / numGenerations;
  const generationsPerEpoch = Math.floor(rows / promptsPerGeneration);
  if (rows === 0) throw new ConfigError('the training dataset has no usable row');
  if (generationsPerEpoch === 0)
    throw new ConfigError(tooFewRows(config, rows, generationBatchSize));
  const completionsPerStep = batch * config.gradientAccumulationSteps;
  const microBatches = generationsPerEpoch * config.numIterations * stepsPerGeneration;
  return {
    completionsPerStep,
    promptsPerStep: completionsPerStep / numGenerations,
    generationBatchSize,
    promptsPerGeneration,
    stepsPerGeneration,
    generationsPerEpoch,
    promptsLeftOver: rows - generationsPerEpoch * promptsPerGeneration,
    maxCompletionTokensPerStep: completionsPerStep * config.maxCompletionLength,
    ...stepArithmetic(config, microBatches),
  };
}

function stepArithmetic(config: StepOptions, microBatchesPerEpoch: number): StepArithmetic {
  const stepsPerEpoch = Math.ceil(microBatchesPerEpoch / config.gradientAccumulationSteps);
  const totalSteps =
    config.maxSteps > 0 ? config.maxSteps : Math.ceil(config.numTrainEpochs * stepsPerEpoch);
  const inSteps = (value: number) => (value < 1 ? Math.ceil(value * totalSteps) : value);
  return {
    totalSteps,
    stepsPerEpoch,
    microBatchesPerEpoch,
    epochs: totalSteps / stepsPerEpoch,
    warmupSteps: inSteps(config.warmupSteps > 0 ? config.warmupSteps : config.warmupRatio),
    loggingSteps: inSteps(config.loggingSteps),
    saveSteps: inSteps(config.saveSteps),
    evalSteps: inSteps(config.evalSteps ?? config.loggingSteps),
  };
}

function tooFewRows(config: GroupOptions, rows: number, generationBatchSize: number): string {
  const { numGenerations: group, perDeviceTrainBatchSize: batch } = config;
  const isSizeGiven = config.generationBatchSize !== null;
  const stepsPerWholeGroups = group / greatestCommonDivisor(batch, group);
  const steps = Math.floor((rows * group) / batch / stepsPerWholeGroups) * stepsPerWholeGroups;
  const smaller = isSizeGiven ? 'generation_batch_size' : 'steps_per_generation';
  const change =
    steps > 0
      ? `set ${smaller} to ${isSizeGiven ? batch * steps : steps}`
      : `set per_device_train_batch_size to ${rows * group} and ${smaller} to ${isSizeGiven ? rows * group : 1}`;
  return (
    `one generation takes ${generationBatchSize / group} prompts ` +
    `(generation_batch_size ${generationBatchSize} / num_generations ${group}), ` +
    `but the training dataset has ${rows} rows; ${change}`
  );
}
