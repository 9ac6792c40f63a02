import type { Check } from '../../results-record.ts';
import type { StudyRun } from '../study/runs.ts';

/** With a true minus sign; a dash where there is no number. */
export const decimals = (value: number, digits = 2): string =>
  Number.isFinite(value) ? value.toFixed(digits).replace('-', '−') : '–';
export const percent = (share: number, digits = 0): string => `${(100 * share).toFixed(digits)}%`;

export const judge = (all: boolean, some: boolean): Check['verdict'] =>
  all ? 'appears' : some ? 'partly' : 'does not appear';

export const seedsOf = (runs: readonly Pick<StudyRun, 'seed'>[]): string =>
  `seeds ${[...new Set(runs.map(({ seed }) => seed))].sort((a, b) => a - b).join(', ')}`;

/** Names of arms for people. */
export const armNames: Readonly<Record<string, string>> = {
  'grpo-conservative': 'GRPO, conservative',
  'grpo-aggressive': 'GRPO, aggressive',
  capo: 'CAPO',
  'dr-grpo-aggressive': 'Dr. GRPO, aggressive',
  'dr-capo': 'Dr.CAPO',
  'reinforce-aggressive': 'REINFORCE, aggressive',
  reincapo: 'ReinCAPO',
  'kl-penalty': 'GRPO, KL penalty 0.1',
  'tight-clip': 'GRPO, clip 0.02, two passes',
  'gradient-clipping': 'GRPO, gradients clipped at 0.1',
  'lower-rate': 'GRPO, a fifth of the rate',
  'capo-completions': 'CAPO, whole completions rejected',
  'grpo-many-tokens': 'GRPO, 12 times the batch',
  'capo-many-tokens': 'CAPO, 12 times the batch',
  'grpo-many-tokens-fast': 'GRPO, 12 times the batch, twice the rate',
  'capo-many-tokens-fast': 'CAPO, 12 times the batch, twice the rate',
  'head-grpo': 'head only, GRPO',
  'head-capo': 'head only, CAPO',
};

export const nameOf = (arm: string): string => armNames[arm] ?? arm;
