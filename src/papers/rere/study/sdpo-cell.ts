import { join } from 'node:path';
import { Policy } from '../../../policy/index.ts';
import type { Json } from '../../runner/cell.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import { trainSdpo } from '../baselines/index.ts';
import { pairedNdcg } from './measure.ts';
import type { TaskSettings } from './settings.ts';
import { MODEL, toJson, validationOf } from './supervised-cell.ts';
import { loadTask } from './task-data.ts';
import { measurePolicy, train } from './train-and-measure.ts';
import { TrainingCurve } from './training-curve.ts';

/** Holds answers over items drawn from the catalogue, from the supervised start, and keeps the best validation. */
export async function computeSdpo(
  task: TaskSettings,
  { seed, start, context }: { seed: number; start: string; context: CellContext },
): Promise<Json> {
  const { folder, report } = context;
  const policy = Policy.load(join(start, MODEL));
  const { data, language } = await loadTask(task, context.data, policy.tokenizer);
  const { sdpo, measure: settings } = task;
  const curve = new TrainingCurve(report);
  const { trainingSeconds } = await train(context, (run) =>
    trainSdpo({
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
      ...run,
      onEvent: curve.onEvent,
    }),
  );
  const measured = await measurePolicy(policy, { data, language, settings, context });
  return toJson({
    trainingSeconds,
    curve: curve.points,
    ...measured,
    overStart: pairedNdcg(folder, start),
  });
}
