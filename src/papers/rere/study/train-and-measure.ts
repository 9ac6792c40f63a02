import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Policy } from '../../../policy/index.ts';
import { generativeRecommender, type ItemLanguage } from '../../../recommendation/index.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import { type MeasureOptions, measure } from './measure.ts';

/** Where a run is written; removed when it is done. */
const WORK = 'work';

/** What every training of the study is given. */
export interface RunOptions {
  readonly outputDir: string;
  readonly console: null;
  readonly signal: CellContext['signal'];
}

/** Trains in the cell's folder, and leaves nothing of the run there. @returns its result, and whole seconds. */
export async function train<Result>(
  { folder, signal }: CellContext,
  run: (options: RunOptions) => Promise<Result>,
): Promise<{ result: Result; trainingSeconds: number }> {
  const startedAt = performance.now();
  const result = await run({ outputDir: join(folder, WORK, 'run'), console: null, signal });
  const trainingSeconds = Math.round((performance.now() - startedAt) / 1000);
  rmSync(join(folder, WORK), { recursive: true, force: true });
  return { result, trainingSeconds };
}

/** Measures a policy that writes items. */
export function measurePolicy(
  policy: Policy,
  options: MeasureOptions & { readonly language: ItemLanguage },
) {
  const recommender = generativeRecommender(policy, options.language, {
    width: options.settings.width,
  });
  return measure(recommender, options);
}
