import type { PreferencePresetName } from '../../../losses/index.ts';

export type Method = 'dpo' | 'ipo' | 'hinge';

/** A loss at one strength. */
export interface Arm {
  readonly method: Method;
  /** β of DPO, τ of IPO, α of the hinge: the larger, the nearer to the reference. */
  readonly strength: number;
  /** λ of the negative log-likelihood of the better completions; 0: none. */
  readonly nll: number;
  /** `constant`: the learning rate stays at its peak after the warm-up; it falls along a cosine unless given. */
  readonly rate?: 'constant';
}

/** The paper's losses, by their presets' names. */
export const presetOf: Readonly<Record<Method, PreferencePresetName>> = {
  dpo: 'sigmoid',
  ipo: 'ipo_paper',
  hinge: 'hinge_paper',
};

const symbols: Readonly<Record<Method, string>> = { dpo: 'β', ipo: 'τ', hinge: 'α' };

export const methodNames: Readonly<Record<Method, string>> = {
  dpo: 'DPO',
  ipo: 'IPO',
  hinge: 'Hinge',
};

/** For files and tables: `dpo-0.1`, `ipo-0.1-nll-0.01`. */
export const armName = ({ method, strength, nll, rate }: Arm): string =>
  `${method}-${strength}${nll === 0 ? '' : `-nll-${nll}`}${rate === undefined ? '' : `-${rate}-rate`}`;

/** For people: `DPO β 0.1, λ 0.01`. */
export const describeArm = ({ method, strength, nll, rate }: Arm): string =>
  `${methodNames[method]} ${symbols[method]} ${strength}${nll === 0 ? '' : `, λ ${nll}`}${rate === undefined ? '' : `, ${rate} rate`}`;

const grid = (method: Method, strengths: readonly number[], nlls: readonly number[] = [0]): Arm[] =>
  strengths.flatMap((strength) => nlls.map((nll) => ({ method, strength, nll })));

/** Turn by turn one of each list. */
const interleave = (...lists: readonly (readonly Arm[])[]): Arm[] =>
  Array.from({ length: Math.max(...lists.map(({ length }) => length)) }, (_, i) =>
    lists.flatMap((list) => list[i] ?? []),
  ).flat();

/** Arms on the generated task without a likelihood term; ends of the range first. */
export const plainArms: readonly Arm[] = interleave(
  grid('dpo', [0.03, 0.3, 0.1, 1]),
  grid('ipo', [0.01, 0.1, 0.03, 0.3]),
  grid('hinge', [0.03, 1, 0.3, 3]),
);

/** Arms with λ·NLL: one that weighs about as much as the loss itself, and one that outweighs it. */
export const nllArms: readonly Arm[] = interleave(
  grid('dpo', [0.03, 0.1], [0.03, 0.3]),
  grid('ipo', [0.03, 0.1], [0.03, 0.3]),
);

/** Weak holds again without the rate's fall, which examines what brings win probability back late in training. */
export const constantRateArms: readonly Arm[] = interleave(
  grid('dpo', [0.03]),
  grid('hinge', [0.03]),
).map((arm) => ({ ...arm, rate: 'constant' }));

/** One strength per method. */
export const realArms: readonly Arm[] = [
  ...grid('dpo', [0.1]),
  ...grid('ipo', [0.1]),
  ...grid('hinge', [1]),
];
