import { join } from 'node:path';
import {
  popularityRecommender,
  sasrecRecommender,
  saveSasrec,
  trainSasrec,
} from '../../../recommendation/index.ts';
import type { Json } from '../../runner/cell.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import { measure } from './measure.ts';
import type { TaskSettings } from './settings.ts';
import { MODEL, toJson } from './supervised-cell.ts';
import { loadTask } from './task-data.ts';
import { train } from './train-and-measure.ts';
import { TrainingCurve } from './training-curve.ts';

/** What is taken most, to everybody. */
export async function computePopularity(task: TaskSettings, context: CellContext): Promise<Json> {
  const { data } = await loadTask(task, context.data);
  const recommender = popularityRecommender(data);
  return toJson(await measure(recommender, { data, settings: task.measure, context }));
}

/** Trains SASRec and leaves it in the cell's folder. */
export async function computeSasrec(
  task: TaskSettings,
  seed: number,
  context: CellContext,
): Promise<Json> {
  const { folder, report } = context;
  const { data } = await loadTask(task, context.data);
  const { layers, epochs, ...model } = task.sasrec;
  const curve = new TrainingCurve(report);
  const { result, trainingSeconds } = await train(context, (run) =>
    trainSasrec({
      data,
      ...model,
      numLayers: layers,
      maxLength: task.maxHistory,
      numTrainEpochs: epochs,
      seed,
      ...run,
      onEvent: curve.onEvent,
    }),
  );
  saveSasrec(join(folder, MODEL), result.model);
  const measured = await measure(sasrecRecommender(result.model), {
    data,
    settings: task.measure,
    context,
  });
  return toJson({ trainingSeconds, curve: curve.points, ...measured });
}
