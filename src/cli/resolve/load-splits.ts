import { basename, extname } from 'node:path';
import { expandHome, mappedPaths, pathKind } from '../../data/local-data.ts';
import { ConfigError } from '../../errors.ts';
import type { SftConfig } from '../../trainers/config/index.ts';
import type { UsableRows } from './resolve-rows.ts';

type SplitOptions = Pick<
  SftConfig,
  | 'datasetName'
  | 'datasetTrainSplit'
  | 'datasetTestSplit'
  | 'maxTrainSamples'
  | 'maxEvalSamples'
  | 'evalStrategy'
> &
  Partial<Pick<SftConfig, 'monitorSteps'>>;

/** Reads the rows of one split, at most so many. */
export type LoadSplit<Row> = (split: string, limit: number | null) => Promise<UsableRows<Row>>;

/**
 * A dataset that is one file has no rows to hold out: the same ones would be learned and measured.
 * @throws ConfigError where the configuration evaluates or monitors on such a dataset.
 */
export function assertHeldOut({
  datasetName,
  datasetTestSplit,
  evalStrategy,
  monitorSteps = null,
}: SplitOptions): void {
  if (evalStrategy === 'no' && monitorSteps === null) return;
  const candidates = [expandHome(datasetName), ...mappedPaths(datasetName, process.env)];
  const found = candidates.find((path) => pathKind(path) !== undefined);
  if (found === undefined || pathKind(found) !== 'file') return;
  const ending = extname(found);
  throw new ConfigError(
    `${basename(found)} is one file and has no split ${datasetTestSplit}; put train${ending} and ${datasetTestSplit}${ending} in a folder${evalStrategy === 'no' ? ', or leave monitor_steps out' : ', or set eval_strategy to no'}`,
  );
}

/** The rows to train on, and those held out where the configuration evaluates; says how many were left out. */
export async function loadSplits<Row>(
  config: SplitOptions,
  load: LoadSplit<Row>,
): Promise<{ examples: readonly Row[]; evalExamples: readonly Row[] }> {
  assertHeldOut(config);
  const train = await load(config.datasetTrainSplit, config.maxTrainSamples);
  if (train.badRows > 0) {
    console.error(`${train.badRows} rows were skipped because they could not be used.`);
  }
  if (config.evalStrategy === 'no') return { examples: train.rows, evalExamples: [] };
  const held = await load(config.datasetTestSplit, config.maxEvalSamples);
  return { examples: train.rows, evalExamples: held.rows };
}
