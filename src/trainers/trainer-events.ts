import type { AlarmName, Metrics } from '../metrics/index.ts';
import type { StatedOrigin } from '../runs/index.ts';
import type { RolloutGroup } from '../types.ts';
import type { StopRequest, TrainerCallback } from './trainer-callback.ts';

/** What a trainer tells those who embed it, in the order things happen. */
export type TrainerEvent =
  | {
      readonly type: 'run-start';
      readonly folder: string;
      readonly fromStep: number;
      readonly totalSteps: number;
    }
  | { readonly type: 'step-start'; readonly step: number }
  | {
      readonly type: 'rollout-end';
      readonly step: number;
      readonly groups: readonly RolloutGroup[];
      /** Weighted reward of each completion; null where every reward is missing. [P][G]. */
      readonly rewards: readonly (readonly (number | null)[])[];
    }
  | { readonly type: 'step-end'; readonly step: number; readonly metrics: Metrics }
  | { readonly type: 'evaluation-end'; readonly step: number; readonly metrics: Metrics }
  | {
      readonly type: 'callback-end';
      readonly step: number;
      readonly name: string;
      readonly metrics: Metrics;
    }
  | { readonly type: 'checkpoint-end'; readonly step: number; readonly folder: string }
  | { readonly type: 'warning'; readonly message: string }
  | {
      readonly type: 'alarm';
      readonly step: number;
      readonly name: AlarmName;
      readonly message: string;
    }
  | {
      readonly type: 'run-end';
      readonly step: number;
      readonly outcome: 'finished' | 'interrupted';
    };

/** Called synchronously; what it throws ends the run as failed. */
export type OnTrainerEvent = (event: TrainerEvent) => void;

/** What every trainer takes besides its options. */
export interface TrainerHooks {
  /** Stops the run at the next safe point: it saves a checkpoint and returns `interrupted`. */
  readonly signal?: AbortSignal;
  readonly onEvent?: OnTrainerEvent;
  /** Where progress, metrics and warnings are printed; null: nowhere. Standard error unless given. */
  readonly console?: ConsoleStreamOption;
  /** What looks at the policy between steps, in this order. */
  readonly callbacks?: readonly TrainerCallback[];
  /** Which run's weights it starts from, which paper or recipe it belongs to, where command and options do not tell. */
  readonly origin?: StatedOrigin;
  /** All options of the command that starts the run, as YAML, kept in its folder; the trainer's own unless given. */
  readonly configYaml?: string;
}

/** Takes a trainer's hooks apart from what else it is given. */
export function takeHooks<Training extends TrainerHooks>(
  training: Training,
): { readonly hooks: TrainerHooks; readonly rest: Omit<Training, keyof TrainerHooks> } {
  const { signal, onEvent, console: stream, callbacks, origin, configYaml, ...rest } = training;
  const hooks: TrainerHooks = {
    ...(signal && { signal }),
    ...(onEvent && { onEvent }),
    ...(stream !== undefined && { console: stream }),
    ...(callbacks && { callbacks }),
    ...(origin && { origin }),
    ...(configYaml !== undefined && { configYaml }),
  };
  return { hooks, rest };
}

export type ConsoleStreamOption = NodeJS.WriteStream | null;

/** How a run ended. */
export interface TrainResult {
  readonly outcome: 'finished' | 'interrupted';
  readonly folder: string;
  /** Optimiser steps done, over all attempts. */
  readonly step: number;
  /** Folder of the newest checkpoint, or of the best where it was loaded at the end or training stopped early; a Hugging Face model folder too. Null when none was saved. */
  readonly checkpoint: string | null;
  /** The last line of metrics. */
  readonly metrics: Metrics;
  readonly bestMetric: number | null;
  /** Why a finished run ended before its last step; absent where it did not. */
  readonly stop?: StopRequest;
}
