import type { RolloutGroup } from '../types.ts';
import { type Attempt, missingKinds } from './types.ts';

/** What the parent sends: the module to load once, then groups to score. */
export type ToChild =
  | { readonly type: 'load'; readonly file: string; readonly exportName: string }
  | {
      readonly type: 'score';
      readonly id: number;
      readonly group: RolloutGroup;
      readonly indexes: readonly number[];
      readonly timeoutMs: number;
    };

/** How a module's reward scores: one completion at a time, or a whole group. */
export type RewardForm = 'completion' | 'group';

/** What the child sends; `alive` says that its event loop turns. */
export type FromChild =
  | { readonly type: 'ready'; readonly name: string; readonly form: RewardForm }
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'scored'; readonly id: number; readonly attempts: readonly Attempt[] }
  | { readonly type: 'alive' };

/** What the watchdog of a child is started with. */
export interface WatchdogSettings {
  readonly parentPid: number;
  /** Resident memory of the whole process. */
  readonly memoryLimitMb: number;
}

/** What the watchdog prints before it ends the process. */
export const tooMuchMemory = (memoryLimitMb: number): string =>
  `a reward module takes more than ${memoryLimitMb} MB of memory`;

/** Whether something a child sent is a message of this protocol: a module may send on the same channel what it likes. */
export function isFromChild(message: unknown): message is FromChild {
  const { type, ...rest } = (message ?? {}) as Record<string, unknown>;
  if (type === 'alive') return true;
  if (type === 'refused') return typeof rest['message'] === 'string';
  if (type === 'ready')
    return typeof rest['name'] === 'string' && /^(completion|group)$/.test(String(rest['form']));
  const { id, attempts } = rest;
  return type === 'scored' && Number.isSafeInteger(id) && isList(attempts, isAttempt);
}

const isList = (value: unknown, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isItem);

function isAttempt(attempt: unknown): attempt is Attempt {
  const { value, missing, message, metrics } = (attempt ?? {}) as Record<string, unknown>;
  return (
    (value === null ? isMissing(missing) : Number.isFinite(value) && missing === undefined) &&
    (message === undefined || typeof message === 'string') &&
    isList(metrics, isMetric)
  );
}

const isMissing = (kind: unknown): boolean => missingKinds.some((known) => known === kind);

const isMetric = (entry: unknown): boolean =>
  Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number';
