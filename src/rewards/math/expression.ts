/** What an answer's formula is once read; evaluation is elsewhere. */
export type Expression =
  | { readonly type: 'number'; readonly digits: string; readonly exponent: number }
  /** A decimal whose last `repeat.length` digits repeat for ever. */
  | { readonly type: 'repeating'; readonly digits: string; readonly repeat: string }
  | { readonly type: 'name'; readonly name: string }
  | {
      readonly type: 'binary';
      readonly operator: '+' | '-' | '*' | '/' | '^' | 'pm' | 'mp';
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly type: 'unary'; readonly operator: '-' | 'pm' | 'mp' | '!'; readonly of: Expression }
  | {
      readonly type: 'call';
      readonly name: string;
      readonly of: Expression;
      readonly base?: Expression;
    };

export const binary = (
  operator: Extract<Expression, { type: 'binary' }>['operator'],
  left: Expression,
  right: Expression,
): Expression => ({ type: 'binary', operator, left, right });

export const integer = (digits: string): Expression => ({ type: 'number', digits, exponent: 0 });
