/**
 * What the policy wrote: `completions/step_00010.jsonl`, one group a line, and, for some steps, a record per
 * token in columns: `tokens/step_00010.safetensors`, which any safetensors reader opens.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../checkpoints/durable-files.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors-columns.ts';

/** One completion, as stored. */
export interface CompletionRecord {
  readonly text: string;
  readonly finish_reason: 'stop' | 'length';
  readonly length: number;
  /** Weighted sum; null where every reward is missing. */
  readonly reward: number | null;
  /** By reward name; null where missing. */
  readonly rewards: Readonly<Record<string, number | null>>;
  readonly advantage: number | null;
}

/** One prompt and its completions, as stored. */
export interface GroupRecord {
  readonly step: number;
  /** Row of the dataset. */
  readonly example: number;
  readonly prompt: string;
  readonly completions: readonly CompletionRecord[];
}

/** Training groups and those of evaluations are kept apart. */
export type CompletionKind = 'train' | 'eval';

/**
 * The tokens that one step trained on, completion after completion, in the order of its micro-batches. Entry c of the
 * first columns is completion c, entry i of the others token i.
 */
export interface TokenColumns {
  /** Where each completion's tokens start here; one more than there are completions. */
  readonly offsets: readonly number[];
  /** Step under which each completion is stored: an earlier one where a generation serves several steps. */
  readonly completionSteps: readonly number[];
  /** Place of each among that step's completions, group after group. */
  readonly completions: readonly number[];
  /** Tokens of the prompt before each. */
  readonly promptLengths: readonly number[];
  /** Place of each token in its completion, from 0. */
  readonly positions: readonly number[];
  readonly tokenIds: readonly number[];
  /** Under the policy that sampled, nats. */
  readonly logprobs: readonly number[];
  readonly entropies: readonly number[];
  readonly advantages: readonly number[];
  /** Probability under the policy trained / under the policy that sampled. */
  readonly ratios: readonly number[];
  /** 1 where the token was trained on, 0 where a filter or mask left it out. */
  readonly trainedMask: readonly number[];
}

/** Stores one step's groups; a step stored again is replaced. */
export function writeCompletions(
  runFolder: string,
  step: number,
  groups: readonly GroupRecord[],
  kind: CompletionKind = 'train',
): void {
  const folder = join(runFolder, 'completions');
  mkdirSync(folder, { recursive: true });
  const lines = groups.map((group) => `${JSON.stringify(group)}\n`);
  replaceFile(join(folder, fileName(step, kind, 'jsonl')), lines.join(''));
}

/** Reads one step's groups; empty when the step has none. */
export function readCompletions(
  runFolder: string,
  step: number,
  kind: CompletionKind = 'train',
): GroupRecord[] {
  const file = join(runFolder, 'completions', fileName(step, kind, 'jsonl'));
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as GroupRecord);
}

/** The steps that have completions, in order. */
export function completionSteps(runFolder: string, kind: CompletionKind = 'train'): number[] {
  return stepsOf(join(runFolder, 'completions'), kind);
}

/** The steps whose tokens are stored, in order. */
export function tokenSteps(runFolder: string): number[] {
  return stepsOf(join(runFolder, 'tokens'), 'train');
}

function stepsOf(folder: string, kind: CompletionKind): number[] {
  if (!existsSync(folder)) return [];
  const steps = readdirSync(folder).flatMap((name) => {
    const parsed = name.endsWith('.tmp') ? undefined : parseName(name);
    return parsed?.kind === kind ? [parsed.step] : [];
  });
  return steps.sort((left, right) => left - right);
}

/** Where a step's groups are stored, as names below the run's folder. */
export const completionsFile = (step: number, kind: CompletionKind): readonly string[] => [
  'completions',
  fileName(step, kind, 'jsonl'),
];

/** Where a step's tokens are stored, as names below the run's folder. */
export const tokensFile = (step: number): readonly string[] => [
  'tokens',
  fileName(step, 'train', 'safetensors'),
];

/**
 * Whether a step's tokens are stored: the share `rate` of all steps, spread evenly.
 * @param rate - In [0, 1].
 */
export function isTokenStep(step: number, rate: number): boolean {
  return Math.floor(step * rate + 1e-9) > Math.floor((step - 1) * rate + 1e-9);
}

/** Stores one step's tokens. */
export function writeTokens(runFolder: string, step: number, columns: TokenColumns): void {
  const folder = join(runFolder, 'tokens');
  mkdirSync(folder, { recursive: true });
  const bytes = encodeSafetensors(
    {
      offsets: Int32Array.from(columns.offsets),
      completion_steps: Int32Array.from(columns.completionSteps),
      completions: Int32Array.from(columns.completions),
      prompt_lengths: Int32Array.from(columns.promptLengths),
      positions: Int32Array.from(columns.positions),
      token_ids: Int32Array.from(columns.tokenIds),
      logprobs: Float32Array.from(columns.logprobs),
      entropies: Float32Array.from(columns.entropies),
      advantages: Float32Array.from(columns.advantages),
      ratios: Float32Array.from(columns.ratios),
      trained_mask: Uint8Array.from(columns.trainedMask),
    },
    { step: String(step), format: 'laurel-tokens-2' },
  );
  replaceFile(join(folder, fileName(step, 'train', 'safetensors')), bytes);
}

/** Reads one step's tokens; undefined when they were not stored. Columns that an earlier version did not store are empty. */
export function readTokens(runFolder: string, step: number): TokenColumns | undefined {
  const file = join(runFolder, 'tokens', fileName(step, 'train', 'safetensors'));
  if (!existsSync(file)) return undefined;
  const column = (name: string) => Array.from(columns[name] ?? []);
  const { columns } = decodeSafetensors(readFileSync(file), file);
  return {
    offsets: column('offsets'),
    completionSteps: column('completion_steps'),
    completions: column('completions'),
    promptLengths: column('prompt_lengths'),
    positions: column('positions'),
    tokenIds: column('token_ids'),
    logprobs: column('logprobs'),
    entropies: column('entropies'),
    advantages: column('advantages'),
    ratios: column('ratios'),
    trainedMask: column('trained_mask'),
  };
}

/** Removes what was stored past a step, so that a resumed run may store it again. */
export function cutCompletionsAfter(runFolder: string, step: number): void {
  for (const folder of [join(runFolder, 'completions'), join(runFolder, 'tokens')]) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder)) {
      const parsed = parseName(name);
      if (parsed === undefined || parsed.step <= step) continue;
      rmSync(join(folder, name));
    }
  }
}

function fileName(step: number, kind: CompletionKind, extension: string): string {
  const prefix = kind === 'eval' ? 'eval_step' : 'step';
  return `${prefix}_${String(step).padStart(5, '0')}.${extension}`;
}

function parseName(name: string): { step: number; kind: CompletionKind } | undefined {
  const [, prefix, step] = /^(eval_)?step_(\d+)\.(?:jsonl|safetensors)/.exec(name) ?? [];
  return step === undefined
    ? undefined
    : { step: Number(step), kind: prefix === undefined ? 'train' : 'eval' };
}
