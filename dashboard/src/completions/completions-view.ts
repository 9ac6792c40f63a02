import type { CompletionKind } from '../../../src/server/api.ts';
import { type ColourMode, colourModes } from './token-colour.ts';

/** What the address of a completions page asks for. */
export interface CompletionsView {
  readonly kind: CompletionKind;
  /** Null for the newest. */
  readonly step: number | null;
  readonly text: string;
  readonly finish: string;
  readonly minReward: string;
  readonly maxReward: string;
  readonly order: 'drawn' | 'best';
  readonly colour: ColourMode;
  readonly offset: number;
}

/** Groups on one page. */
export const pageSize = 8;

/** Reads an address; what it does not say is as usual. */
export function completionsViewOf(query: URLSearchParams): CompletionsView {
  const text = (name: string) => query.get(name) ?? '';
  const offset = Number(text('offset'));
  return {
    kind: text('kind') === 'eval' ? 'eval' : 'train',
    step: /^\d+$/.test(text('step')) ? Number(text('step')) : null,
    text: text('text'),
    finish: text('finish'),
    minReward: text('minReward'),
    maxReward: text('maxReward'),
    order: text('order') === 'best' ? 'best' : 'drawn',
    colour: colourModes.find(([mode]) => mode === text('colour'))?.[0] ?? 'none',
    offset: Number.isInteger(offset) && offset > 0 ? offset : 0,
  };
}
