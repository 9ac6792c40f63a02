/** What is left out of an update: tokens whose predicted shift is larger. */
export interface Bounds {
  /** τ_H, in units of the objective. */
  readonly objective: number;
  /** τ_F, nats. */
  readonly policy: number;
}

export type Algorithm = 'grpo' | 'dr_grpo' | 'reinforce';
export type Regime = 'conservative' | 'aggressive';

/** One way to practise. */
export interface Arm {
  readonly name: string;
  readonly algorithm: Algorithm;
  readonly regime: Regime;
  /** CAPO's filter; without it every token is trained on. */
  readonly bounds?: Bounds;
  /** β of the KL to the start. */
  readonly klCoefficient?: number;
  /** ε of the clip, with as many passes over each generation as make it active. */
  readonly clip?: { readonly range: number; readonly passes: number };
  /** Largest norm of the gradient; 1 unless given. */
  readonly maxGradNorm?: number;
  /** The regime's learning rate is multiplied by it. */
  readonly rateShare?: number;
  /** As many times the regime's completions a step, and as many times those of a whole run. */
  readonly more?: { readonly perStep: number; readonly inAll: number };
  /** What is rejected as one; tokens unless given. */
  readonly level?: 'token' | 'sequence';
  /** Whether only the head is trained, where the last-layer model leaves nothing out. */
  readonly trains?: 'head' | 'all';
}

/**
 * Bounds on the change of a token's log-probability x: to first order m_F = x²/2 and |m_H| = |A| x, so one number sets
 * both. Advantages of GRPO have a standard deviation of 1; τ_H is what |A| = 1 needs.
 */
export const boundsOf = (logprobChange: number): Bounds => ({
  objective: logprobChange,
  policy: logprobChange ** 2 / 2,
});

/** Change of a token's log-probability that CAPO's filters allow, by algorithm; tuned on seeds that are not reported. */
export type ChosenChanges = Readonly<Record<Algorithm, number>>;

const plain = (algorithm: Algorithm, regime: Regime, name: string): Arm => ({
  name,
  algorithm,
  regime,
});

/** The paper's three first arms: what must climb, what must collapse, and what must not. */
export const coreArms = (changes: ChosenChanges): Arm[] => [
  plain('grpo', 'conservative', 'grpo-conservative'),
  plain('grpo', 'aggressive', 'grpo-aggressive'),
  { ...plain('grpo', 'aggressive', 'capo'), bounds: boundsOf(changes.grpo) },
];

/** The other two objectives without and with the filter. */
export const variantArms = (changes: ChosenChanges): Arm[] => [
  plain('dr_grpo', 'aggressive', 'dr-grpo-aggressive'),
  { ...plain('dr_grpo', 'aggressive', 'dr-capo'), bounds: boundsOf(changes.dr_grpo) },
  plain('reinforce', 'aggressive', 'reinforce-aggressive'),
  { ...plain('reinforce', 'aggressive', 'reincapo'), bounds: boundsOf(changes.reinforce) },
];

/** What users would try instead in the aggressive regime. */
export const baselineArms: readonly Arm[] = [
  { ...plain('grpo', 'aggressive', 'kl-penalty'), klCoefficient: 0.1 },
  { ...plain('grpo', 'aggressive', 'tight-clip'), clip: { range: 0.02, passes: 2 } },
  { ...plain('grpo', 'aggressive', 'gradient-clipping'), maxGradNorm: 0.1 },
  { ...plain('grpo', 'aggressive', 'lower-rate'), rateShare: 0.2 },
];

/** Tokens of a completion of the first task, about. */
const COMPLETION_TOKENS = 30;

/**
 * Whole completions rejected in place of tokens: one of which a single token is at its bound is at its own. Where tokens
 * go, the others of a failed chain stay; where the completion goes, none does.
 */
export const completionArms = (changes: ChosenChanges): Arm[] => {
  const { objective, policy } = boundsOf(changes.grpo);
  const bounds = { objective: objective / COMPLETION_TOKENS, policy: policy / COMPLETION_TOKENS };
  return [{ ...plain('grpo', 'aggressive', 'capo-completions'), level: 'sequence', bounds }];
};

/**
 * At the aggressive rate, and at twice it, with as many completions a step as the conservative regime: some 11,000
 * tokens, of which rejected ones could be rare outliers, as in the paper's regime.
 */
export const manyTokenArms = (changes: ChosenChanges): Arm[] => {
  const more = { perStep: 12, inAll: 3 };
  const rates = [
    { end: '', rateShare: 1 },
    { end: '-fast', rateShare: 2 },
  ];
  return rates.flatMap(({ end, rateShare }) => [
    { ...plain('grpo', 'aggressive', `grpo-many-tokens${end}`), more, rateShare },
    {
      ...plain('grpo', 'aggressive', `capo-many-tokens${end}`),
      more,
      rateShare,
      bounds: boundsOf(changes.grpo),
    },
  ]);
};

/** Only the head trained, where the model of it is exact. */
export const headArms = (changes: ChosenChanges): Arm[] => [
  { ...plain('grpo', 'aggressive', 'head-grpo'), trains: 'head' },
  { ...plain('grpo', 'aggressive', 'head-capo'), trains: 'head', bounds: boundsOf(changes.grpo) },
];

/** Bounds that were tried on the tuning seeds. */
export const tuningArms = (changes: readonly number[]): Arm[] => [
  plain('grpo', 'aggressive', 'grpo-aggressive'),
  ...changes.map((change) => ({
    ...plain('grpo', 'aggressive', `capo-${change}`),
    bounds: boundsOf(change),
  })),
];
