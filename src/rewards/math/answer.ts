import type { Expression } from './expression.ts';
import type { Unit } from './units.ts';

/** A final answer as mathematics, ready to compare. */
export type Answer =
  /** What is not read as mathematics: a name, a choice, a clock time. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly expression: Expression; readonly unit?: Unit }
  /** Digits with a base as subscript. */
  | { readonly kind: 'based'; readonly digits: string; readonly base: number }
  /** Several answers in no order: separated by commas, "and", "or", in set braces, or by ±. */
  | { readonly kind: 'list'; readonly items: readonly Answer[] }
  /** A tuple or an interval; which one is not known, and the brackets matter. */
  | {
      readonly kind: 'sequence';
      readonly open: string;
      readonly close: string;
      readonly items: readonly Answer[];
    }
  | { readonly kind: 'union'; readonly items: readonly Answer[] }
  | { readonly kind: 'ratio'; readonly items: readonly Expression[] }
  | { readonly kind: 'matrix'; readonly rows: readonly (readonly Answer[])[] }
  | {
      readonly kind: 'equation';
      readonly left: Expression;
      readonly right: Expression;
      /** Where the left side is a bare variable: what it is said to be. */
      readonly assigned?: { readonly variable: string; readonly value: Answer };
    };
