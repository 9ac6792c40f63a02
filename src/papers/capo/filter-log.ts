import type { OfferedTokens } from '../../policy/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import type { StepMetrics } from '../../types.ts';
import type { Shifts } from './shifts.ts';

/** One token as it was judged. */
interface Judged {
  readonly objective: number;
  readonly policy: number;
  /** Its completion's number in the update. */
  readonly sequence: number;
  readonly advantage: number;
  readonly logprob: number;
  readonly isAccepted: boolean;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Magnitudes of shifts and shares of rejected tokens in one update, before and after the filter. */
export class FilterLog {
  #tokens: Judged[] = [];

  add({ objective, policy }: Shifts, accepted: Tensor, offered: OfferedTokens): void {
    const { sequences, advantages, logprobs } = offered;
    const columns = [objective, policy, sequences, advantages, logprobs, accepted];
    const [m, f, sequence, a, l, kept] = columns.map((tensor) => tensor.toArray());
    const first = (this.#tokens.at(-1)?.sequence ?? -1) + 1;
    for (const n of m!.keys()) {
      this.#tokens.push({
        objective: m![n]!,
        policy: f![n]!,
        sequence: first + sequence![n]!,
        advantage: a![n]!,
        logprob: l![n]!,
        isAccepted: kept![n] === 1,
      });
    }
  }

  /** Means of m_H and m_F over the update's tokens: what a batch is judged by. */
  means(): { readonly objective: number; readonly policy: number } {
    return {
      objective: mean(this.#tokens.map(({ objective }) => objective)),
      policy: mean(this.#tokens.map(({ policy }) => policy)),
    };
  }

  clear(): void {
    this.#tokens = [];
  }

  /** @param isMade - Whether the update was made at all; where not, all of its tokens count as rejected. */
  metrics(isMade: boolean): StepMetrics {
    const tokens = this.#tokens;
    const kept = isMade ? tokens.filter(({ isAccepted }) => isAccepted) : [];
    const lost = isMade ? tokens.filter(({ isAccepted }) => !isAccepted) : tokens;
    const rejected = (among: (token: Judged) => boolean) => {
      const all = tokens.filter(among).length;
      return all === 0 ? 0 : lost.filter(among).length / all;
    };
    return {
      'token_filter/rejected': rejected(() => true),
      'token_filter/rejected_positive': rejected(({ advantage }) => advantage > 0),
      'token_filter/rejected_negative': rejected(({ advantage }) => advantage < 0),
      'token_filter/rejected_zero': rejected(({ advantage }) => advantage === 0),
      ...(lost.length > 0 && {
        'token_filter/rejected_logprob': mean(lost.map(({ logprob }) => logprob)),
      }),
      ...magnitudes(tokens, 'before'),
      ...magnitudes(kept, 'after'),
    };
  }
}

type Shift = 'objective' | 'policy';

/** The largest absolute mean over the tokens of one completion. */
function largestOfSequences(tokens: readonly Judged[], shift: Shift): number {
  const sums = new Map<number, [sum: number, count: number]>();
  for (const token of tokens) {
    const [sum, count] = sums.get(token.sequence) ?? [0, 0];
    sums.set(token.sequence, [sum + token[shift], count + 1]);
  }
  return largest([...sums.values()].map(([sum, count]) => sum / count));
}

function magnitudes(tokens: readonly Judged[], when: 'before' | 'after'): StepMetrics {
  if (tokens.length === 0) return {};
  const entries = (['objective', 'policy'] as const).flatMap((shift) => {
    const values = tokens.map((token) => token[shift]);
    const key = `token_filter/${shift}_shift_${when}`;
    return [
      [`${key}/batch_mean`, mean(values)],
      [`${key}/token_max`, largest(values)],
      [`${key}/sequence_max`, largestOfSequences(tokens, shift)],
    ];
  });
  return Object.fromEntries(entries) as StepMetrics;
}
