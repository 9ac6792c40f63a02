import type { SftConfig } from '../../trainers/config/index.ts';
import type { UsableRows } from './resolve-rows.ts';

type SplitOptions = Pick<
  SftConfig,
  'datasetTrainSplit' | 'datasetTestSplit' | 'maxTrainSamples' | 'maxEvalSamples' | 'evalStrategy'
>;

/** Reads the rows of one split, at most so many. */
export type LoadSplit<Row> = (split: string, limit: number | null) => Promise<UsableRows<Row>>;

/** The rows to train on, and those held out where the configuration evaluates; says how many were left out. */
export async function loadSplits<Row>(
  config: SplitOptions,
  load: LoadSplit<Row>,
): Promise<{ examples: readonly Row[]; evalExamples: readonly Row[] }> {
  const train = await load(config.datasetTrainSplit, config.maxTrainSamples);
  if (train.badRows > 0) {
    console.error(`${train.badRows} rows were skipped because they could not be used.`);
  }
  if (config.evalStrategy === 'no') return { examples: train.rows, evalExamples: [] };
  const held = await load(config.datasetTestSplit, config.maxEvalSamples);
  return { examples: train.rows, evalExamples: held.rows };
}
