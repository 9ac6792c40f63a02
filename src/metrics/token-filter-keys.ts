import type { MetricDefinition } from './metric-definition.ts';

const filtered = { trainers: ['grpo'], when: 'token_filter' } as const;
const share = (tokens: string): MetricDefinition => ({
  unit: 'share',
  definition: `${tokens} that the token filter keeps out of the update.`,
  ...filtered,
});

type Moment = 'before' | 'after';
type ShiftKey<Name extends string> =
  `token_filter/${Name}_${Moment}/${'batch_mean' | 'token_max' | 'sequence_max'}`;

/** Six keys of one predicted shift: before the filter and of what it accepted. */
const shiftKeys = <Name extends string>(name: Name, what: string, unit: string) =>
  Object.fromEntries(
    (['before', 'after'] as const).flatMap((when) => {
      const of = when === 'before' ? 'all sampled tokens' : 'the accepted tokens';
      const entry = (key: string, definition: string) => [
        `token_filter/${name}_${when}/${key}`,
        { unit, definition, ...filtered },
      ];
      return [
        entry('batch_mean', `Predicted ${what} of each token’s update, mean over ${of}.`),
        entry('token_max', `The same, its largest absolute value among ${of}.`),
        entry('sequence_max', `The largest absolute mean over a completion, among ${of}.`),
      ];
    }),
  ) as Record<ShiftKey<Name>, MetricDefinition>;

/** What a token filter logs. The names are Laurel’s. */
export const tokenFilterMetrics = {
  'token_filter/rejected': share('Sampled tokens'),
  'token_filter/rejected_positive': share('Tokens with a positive advantage'),
  'token_filter/rejected_negative': share('Tokens with a negative advantage'),
  'token_filter/rejected_zero': share('Tokens with an advantage of 0'),
  'token_filter/rejected_logprob': {
    unit: 'nats',
    definition: 'Mean log-probability of the rejected tokens.',
    ...filtered,
  },
  ...shiftKeys('objective_shift', 'change of the objective', 'reward'),
  ...shiftKeys('policy_shift', 'KL divergence from the policy before', 'nats'),
} as const satisfies Readonly<Record<string, MetricDefinition>>;
