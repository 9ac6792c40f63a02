import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Policy } from '../../../policy/index.ts';
import { generativeRecommender } from '../../../recommendation/index.ts';
import type { Json } from '../../runner/cell.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import { trainSdpo } from '../baselines/index.ts';
import { measure, pairedNdcg } from './measure.ts';
import type { TaskSettings } from './settings.ts';
import { MODEL, toJson, validationOf, WORK } from './supervised-cell.ts';
import { loadTask } from './task-data.ts';
import { TrainingCurve } from './training-curve.ts';

/** Holds answers over items drawn from the catalogue, from the supervised start, and keeps the best validation. */
export async function computeSdpo(
  task: TaskSettings,
  { seed, start, context }: { seed: number; start: string; context: CellContext },
): Promise<Json> {
  const { folder, report, signal } = context;
  const policy = Policy.load(join(start, MODEL));
  const { data, language } = await loadTask(task, context.data, policy.tokenizer);
  const { sdpo, measure: settings } = task;
  const curve = new TrainingCurve(report);
  const startedAt = performance.now();
  await trainSdpo({
    data,
    language,
    policy,
    negatives: sdpo.negatives,
    beta: sdpo.beta,
    learningRate: sdpo.learningRate,
    hiddenDropout: sdpo.dropout,
    perDeviceTrainBatchSize: sdpo.batch,
    maxSteps: sdpo.steps,
    evalSteps: sdpo.evalSteps,
    validation: validationOf(task),
    seed,
    loggingSteps: 20,
    outputDir: join(folder, WORK, 'run'),
    console: null,
    signal,
    onEvent: curve.onEvent,
  });
  const trainingSeconds = Math.round((performance.now() - startedAt) / 1000);
  rmSync(join(folder, WORK), { recursive: true, force: true });
  const recommender = generativeRecommender(policy, language, { width: settings.width });
  const measured = await measure(recommender, { data, language, settings, context });
  return toJson({
    trainingSeconds,
    curve: curve.points,
    ...measured,
    overStart: pairedNdcg(folder, start),
  });
}
