/**
 * The two indicators of Shi et al. 2024, arXiv:2410.11677, as a detector of turning points. The paper reads them off
 * curves by eye; smoothing, hysteresis and patience are ours.
 */
import type { Observation, TurnDetector, TurningPoint } from '../../trainers/index.ts';
import { newWatch, smooth, type TurnOptions, type TurnWatch, watchTurn } from './turn-watch.ts';

export interface LikelihoodTurnOptions {
  /** α of the exponential smoothing s_i = α x_i + (1 − α) s_{i−1}; 1: none. */
  readonly smoothing?: number;
  /** Evaluations in a row that must have fallen before it is said. */
  readonly patience?: number;
  /** In bits: how far below its peak the entropy has fallen. */
  readonly entropyHysteresis?: number;
  /** A share: how far below its peak the probability mass has fallen. */
  readonly massHysteresis?: number;
  /** Which entropy is read: Σ over p_i as they are, or renormalised within the k likeliest. */
  readonly entropy?: 'raw' | 'renormalized';
  /** k, for the sentences. */
  readonly topK?: number;
}

export interface LikelihoodTurnState {
  readonly entropy: TurnWatch;
  readonly mass: TurnWatch;
  /** Smoothed likelihood of the better completions: now, and where the entropy was last at its peak. */
  readonly likelihood: { readonly smoothed: number | null; readonly atTurn: number | null };
  /** Turns already told, by indicator: one is told once. */
  readonly told: { readonly entropy: number | null; readonly mass: number | null };
}

type Settings = Required<LikelihoodTurnOptions>;

const entropyKeys = {
  raw: 'monitor/top_k_entropy',
  renormalized: 'monitor/top_k_entropy_renormalized',
} as const;

const optionsOf = (settings: Settings): Readonly<Record<'entropy' | 'mass', TurnOptions>> => ({
  entropy: { ...settings, hysteresis: settings.entropyHysteresis, after: 'rise' },
  mass: { ...settings, hysteresis: settings.massHysteresis, after: 'start' },
});

function watchLikelihood(
  { likelihood, entropy: before }: LikelihoodTurnState,
  entropy: TurnWatch,
  { metrics }: Observation,
  { smoothing }: Settings,
): LikelihoodTurnState['likelihood'] {
  const value = metrics['monitor/likelihood_chosen'];
  const known = value !== null && value !== undefined && Number.isFinite(value);
  const smoothed = known ? smooth(likelihood.smoothed, value, smoothing) : likelihood.smoothed;
  return { smoothed, atTurn: entropy.turn === before.turn ? likelihood.atTurn : smoothed };
}

const isFalling = ({ smoothed, atTurn }: LikelihoodTurnState['likelihood']): boolean =>
  smoothed !== null && atTurn !== null && smoothed < atTurn;

const evaluations = (count: number): string => `${count} evaluation${count === 1 ? '' : 's'}`;

const where = ({ turn }: TurnWatch): string => `likely past the best checkpoint, step ${turn}`;

function turnsNow(
  { entropy, mass, likelihood, told }: LikelihoodTurnState,
  { step: seenAt }: Observation,
  { topK }: Settings,
): TurningPoint[] {
  const turns: TurningPoint[] = [];
  if (entropy.phase === 'turned' && isFalling(likelihood) && told.entropy !== entropy.turn) {
    const message = `entropy over the top ${topK} has fallen for ${evaluations(entropy.fallen)} while the better completions' likelihood still falls: ${where(entropy)}`;
    turns.push({ indicator: 'entropy', step: entropy.turn!, seenAt, message });
  }
  if (mass.phase === 'turned' && told.mass !== mass.turn) {
    const message = `the probability mass of the top ${topK} has fallen for ${evaluations(mass.fallen)}: ${where(mass)}`;
    turns.push({ indicator: 'mass', step: mass.turn!, seenAt, message });
  }
  return turns;
}

const toldWith = (
  told: LikelihoodTurnState['told'],
  turns: readonly TurningPoint[],
): LikelihoodTurnState['told'] => ({
  ...told,
  ...Object.fromEntries(turns.map(({ indicator, step }) => [indicator, step])),
});

const latest = ({ told }: LikelihoodTurnState): number | null =>
  told.entropy === null && told.mass === null
    ? null
    : Math.max(told.entropy ?? -1, told.mass ?? -1);

/**
 * Two signs that direct alignment has gone past its best checkpoint. Either alone is one.
 *  1. Entropy over the k likeliest tokens rose and now falls while the better completions' likelihood still falls: their
 *     tokens have dropped below others of the top k.
 *  2. The probability mass of the k likeliest tokens falls: random tokens gain.
 * Without pairs there is no likelihood, and only the second speaks.
 */
export function likelihoodTurns(
  options: LikelihoodTurnOptions = {},
): TurnDetector<LikelihoodTurnState> {
  const settings: Settings = {
    smoothing: 0.5,
    patience: 4,
    entropyHysteresis: 0.05,
    massHysteresis: 0.02,
    entropy: 'raw',
    topK: 10,
    ...options,
  };
  const watches = optionsOf(settings);
  return {
    initial: {
      entropy: newWatch(watches.entropy),
      mass: newWatch(watches.mass),
      likelihood: { smoothed: null, atTurn: null },
      told: { entropy: null, mass: null },
    },
    advance(state, observation) {
      const { step, metrics } = observation;
      const value = metrics[entropyKeys[settings.entropy]];
      const entropy = watchTurn(state.entropy, { step, value }, watches.entropy);
      const mass = watchTurn(
        state.mass,
        { step, value: metrics['monitor/top_k_mass'] },
        watches.mass,
      );
      const likelihood = watchLikelihood(state, entropy, observation, settings);
      const seen = { ...state, entropy, mass, likelihood };
      const turns = turnsNow(seen, observation, settings);
      const next = { ...seen, told: toldWith(state.told, turns) };
      const logged = {
        'monitor/entropy_fallen': entropy.fallen,
        'monitor/mass_fallen': mass.fallen,
        'monitor/turning_step': latest(next),
      };
      return { state: next, turns, metrics: logged };
    },
    candidates: ({ entropy, mass }) => [entropy.turn, mass.turn].filter((turn) => turn !== null),
  };
}
