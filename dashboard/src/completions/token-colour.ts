import type { TokenView } from '../../../src/server/api.ts';
import { formatNumber } from '../format.ts';

/** What tokens are coloured by. */
export type ColourMode = 'none' | 'logprob' | 'entropy' | 'advantage' | 'ratio' | 'trained';

/** The choices, as the page names them. */
export const colourModes: readonly (readonly [ColourMode, string])[] = [
  ['none', 'Plain'],
  ['logprob', 'Log-probability'],
  ['entropy', 'Entropy'],
  ['advantage', 'Advantage'],
  ['ratio', 'Ratio'],
  ['trained', 'Trained on'],
];

/** A colour: its end of the scale, and how much of it, in [0, 1]. */
export interface Heat {
  readonly tone: 'warm' | 'low' | 'high';
  readonly strength: number;
}

/** One mode's scale: where a value lies on it, and what its ends mean. */
interface Scale {
  readonly heatOf: (value: number) => Heat;
  readonly from: string;
  readonly to: string;
  readonly isDiverging: boolean;
}

const clamp = (share: number): number => Math.min(Math.max(share, 0), 1);

const sequential =
  (end: number): Scale['heatOf'] =>
  (value) => ({
    tone: 'warm',
    strength: clamp(value / end),
  });

const diverging =
  (end: number, measure = (value: number) => value): Scale['heatOf'] =>
  (value) => {
    const place = measure(value);
    return { tone: place < 0 ? 'low' : 'high', strength: clamp(Math.abs(place) / end) };
  };

/**
 * Fixed ends, so that a colour means the same in every completion: e⁻⁶ is a probability of 0.25%, 4 nats are about 55
 * equally likely tokens, advantages are mostly within ±2 standard deviations, and a ratio of 1.5 is far past any clip.
 */
export const scales: Readonly<Record<Exclude<ColourMode, 'none' | 'trained'>, Scale>> = {
  logprob: {
    heatOf: sequential(-6),
    from: '0: certain',
    to: '−6 nats and below',
    isDiverging: false,
  },
  entropy: {
    heatOf: sequential(4),
    from: '0: certain',
    to: '4 nats and above',
    isDiverging: false,
  },
  advantage: {
    heatOf: diverging(2),
    from: '−2: discouraged',
    to: '2: encouraged',
    isDiverging: true,
  },
  ratio: {
    heatOf: diverging(Math.log(1.5), (ratio) => Math.log(Math.max(ratio, 1e-9))),
    from: '⅔: less likely now',
    to: '1.5: likelier now',
    isDiverging: true,
  },
};

/** The colour of a token; undefined where it has none. */
export function heatOf(token: TokenView, mode: ColourMode): Heat | undefined {
  if (mode === 'none' || mode === 'trained') return undefined;
  const value = token[mode];
  return value === null ? undefined : scales[mode].heatOf(value);
}

/** All that is known of a token, in a line. */
export function describeToken(token: TokenView): string {
  const { text, id, logprob, entropy, advantage, ratio, trained } = token;
  const facts: (readonly [string, number | null])[] = [
    ['log-probability', logprob],
    ['entropy', entropy],
    ['advantage', advantage],
    ['ratio', ratio],
  ];
  const known = facts.filter(([, value]) => value !== null);
  const percent = logprob === null ? '' : ` (${formatNumber(Math.exp(logprob) * 100)}%)`;
  return [
    `${JSON.stringify(text)} id ${id}`,
    ...known.map(
      ([name, value]) =>
        `${name} ${formatNumber(value)}${name === 'log-probability' ? percent : ''}`,
    ),
    trained ? 'trained on' : 'left out by a filter or mask',
  ].join(' · ');
}
