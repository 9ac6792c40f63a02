import { z } from 'zod';
import { type CheckProblem, configGroup } from '../../config/index.ts';
import { count, stepsOrShare } from './field-types.ts';

/** What is watched on held-out rows while training, and what ends a run early. */
export const monitorOptions = configGroup('Monitor', {
  monitorSteps: stepsOrShare
    .nullable()
    .default(null)
    .describe(
      'Steps between looks at held-out prompts and pairs, the first before any step; below 1: share of all steps; null: none.',
    ),
  monitorPrompts: count
    .default(64)
    .describe('Held-out prompts that completions are drawn of: the first of dataset_test_split.'),
  monitorPairs: count
    .default(256)
    .describe('Held-out pairs (or completions) whose likelihood is measured: the first ones.'),
  monitorNumGenerations: count
    .default(2)
    .describe('Completions drawn of each prompt; per-input diversity needs 2.'),
  monitorMaxCompletionLength: count.default(64).describe('Tokens of a completion, at most.'),
  monitorTemperature: z
    .number()
    .min(0)
    .default(0.5)
    .describe('Temperature that completions are drawn at; 0: the likeliest token.'),
  monitorTopP: z
    .number()
    .gt(0)
    .max(1)
    .default(0.75)
    .describe('Completions are drawn from the fewest tokens that reach this probability.'),
  monitorTopK: count
    .default(10)
    .describe('Tokens whose entropy and probability mass are measured at each position.'),
  monitorDiversityTokens: count
    .nullable()
    .default(null)
    .describe(
      'Tokens counted for cross-input diversity, so that runs compare; null: a quarter of monitor_prompts × monitor_max_completion_length.',
    ),
  monitorWinReward: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Reward by which completions compete with those of the policy before training: a name, `./reward.ts#name`, or the folder of a reward model; null: they do not.',
    ),
  monitorSmoothing: z
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe('α of the exponential smoothing that turning points are read from; 1: none.'),
  monitorPatience: count
    .default(4)
    .describe('Looks in a row that must have fallen before a turning point is told.'),
  monitorEntropyHysteresis: z
    .number()
    .min(0)
    .default(0.05)
    .describe('How far below its peak the top-k entropy must be to have fallen, in bits.'),
  monitorMassHysteresis: z
    .number()
    .min(0)
    .max(1)
    .default(0.02)
    .describe('How far below its peak the top-k probability mass must be to have fallen.'),
  earlyStop: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'What ends the run at its first turning point, with the checkpoint there: likelihood; null: it is only told.',
    ),
});

interface EarlyStopOptions {
  readonly monitorSteps: number | null;
  readonly earlyStop: string | null;
  readonly saveStrategy: string;
  readonly saveSteps: number;
}

/** Stopping early needs a monitor, and a checkpoint at each of its looks to go back to. */
export function checkMonitor({
  monitorSteps: steps,
  earlyStop,
  saveStrategy,
  saveSteps,
}: EarlyStopOptions): CheckProblem[] {
  if (earlyStop === null) return [];
  if (steps === null) {
    const message = `required by early_stop: ${earlyStop}; the steps between looks at held-out rows, 50 for instance`;
    return [{ at: 'monitorSteps', message }];
  }
  if (saveStrategy !== 'steps') {
    const message = `early_stop goes back to the checkpoint at a turning point: set save_strategy to steps, found ${saveStrategy}`;
    return [{ at: 'saveStrategy', message }];
  }
  const times = steps / saveSteps;
  const divides = Math.abs(times - Math.round(times)) < 1e-9 && times > 0.5;
  if (divides && steps < 1 === saveSteps < 1) return [];
  const message = `early_stop needs a checkpoint at each look of the monitor, every ${steps}, found ${saveSteps}; set save_steps to ${steps}, and save_total_limit to keep few`;
  return [{ at: 'saveSteps', message }];
}
