import { ConfigError } from '../errors.ts';

/** @throws ConfigError when evaluation is asked for and there is nothing to evaluate. */
export function assertEvaluable(
  evalStrategy: 'no' | 'steps' | 'epoch',
  held: readonly unknown[],
  evaluate: unknown,
): void {
  if (evalStrategy === 'no' || held.length > 0 || evaluate !== undefined) return;
  throw new ConfigError(
    `eval_strategy is ${evalStrategy} and there are no rows to evaluate on; give evalExamples (dataset_test_split) or an evaluate function, or set eval_strategy to no`,
  );
}
