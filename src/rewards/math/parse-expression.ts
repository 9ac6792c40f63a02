import { binary, type Expression, integer } from './expression.ts';
import { Scanner } from './scanner.ts';

const MAX_DEPTH = 60;
const FUNCTIONS = 'arcsin|arccos|arctan|sin|cos|tan|cot|sec|csc|log|ln|exp';
const FUNCTION = new RegExp(`\\\\(?:${FUNCTIONS})(?![a-zA-Z])|(?:${FUNCTIONS})(?![a-zA-Z])`, 'y');
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+(?![a-zA-Z\d]))?/y;
const REPEATING = /\d*\.\d*\\overline *\{ *\d+ *\}/y;
const GREEK =
  /\\(?:alpha|beta|gamma|delta|epsilon|theta|lambda|mu|nu|rho|sigma|tau|phi|varphi|omega|Delta|Omega)(?![a-zA-Z])/y;
const PROPER_FRACTION =
  /\\frac *(?:\{ *(\d+) *\}|(\d)) *(?:\{ *(\d+) *\}|(\d))(?!\d)|(\d+) *\/ *(\d+)(?![\d.])/y;
const STARTS_FACTOR =
  /[a-zA-Z\d.({]|\\(?:frac|sqrt|pi|infty|alpha|beta|gamma|delta|epsilon|theta|lambda|mu|nu|rho|sigma|tau|phi|varphi|omega|Delta|Omega|arcsin|arccos|arctan|sin|cos|tan|cot|sec|csc|log|ln|exp|lvert|overline)(?![a-zA-Z])/y;
const CLOSER: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' };

/**
 * Reads a formula in LaTeX or plain notation: + − ± · / ^ !, implicit products, \frac, \sqrt, functions, mixed
 * numbers, decimals (repeating ones too), e-notation, |x|. Whole text or nothing.
 * - An integer before a proper fraction is a mixed number: 1\frac{1}{2} is 3/2.
 * - a/bc is (a/b)·c, as computer algebra systems read it.
 * @throws NotComparable where the text is no formula.
 */
export function parseExpression(text: string): Expression {
  const parser = new Parser(text);
  const expression = parser.sum();
  if (!parser.scanner.atEnd) parser.scanner.fail();
  return expression;
}

class Parser {
  readonly scanner: Scanner;
  #depth = 0;
  #inBars = false;

  constructor(text: string) {
    this.scanner = new Scanner(text);
  }

  sum(): Expression {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.scanner.fail();
    let left = this.#product();
    for (;;) {
      const operator = this.#sign();
      if (!operator) break;
      left = binary(operator, left, this.#product());
    }
    this.#depth -= 1;
    return left;
  }

  #sign(): '+' | '-' | 'pm' | 'mp' | undefined {
    if (this.scanner.take('+')) return '+';
    if (this.scanner.take('-')) return '-';
    if (this.scanner.match(/\\pm(?![a-zA-Z])/y)) return 'pm';
    return this.scanner.match(/\\mp(?![a-zA-Z])/y) ? 'mp' : undefined;
  }

  #product(): Expression {
    let left = this.#signed();
    for (;;) {
      if (this.scanner.match(/\*(?!\*)|\\cdot(?![a-zA-Z])|\\times(?![a-zA-Z])/y)) {
        left = binary('*', left, this.#signed());
      } else if (this.scanner.match(/\/|\\div(?![a-zA-Z])/y)) {
        left = binary('/', left, this.#signed());
      } else if (this.#startsFactor()) {
        left = binary('*', left, this.#power());
      } else return left;
    }
  }

  #startsFactor(): boolean {
    return this.scanner.sees(STARTS_FACTOR) || (!this.#inBars && this.scanner.peek() === '|');
  }

  #signed(): Expression {
    let negative = false;
    for (let operator = this.#sign(); operator; operator = this.#sign()) {
      if (operator === '-') negative = !negative;
      else if (operator !== '+') {
        const of = this.#power();
        return { type: 'unary', operator, of: negative ? negated(of) : of };
      }
    }
    const of = this.#power();
    return negative ? negated(of) : of;
  }

  #power(): Expression {
    const base = this.#factorial(this.#atom());
    if (this.scanner.match(/\^ *(?:\{ *\\circ *\}|\\circ)/y)) return degrees(base);
    if (!this.scanner.match(/\^|\*\*/y)) return base;
    return binary('^', base, this.#exponent());
  }

  #exponent(): Expression {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.scanner.fail();
    const exponent = this.scanner.take('-') ? negated(this.#power()) : this.#power();
    this.#depth -= 1;
    return exponent;
  }

  #factorial(of: Expression): Expression {
    return this.scanner.match(/!(?!=)/y) ? { type: 'unary', operator: '!', of } : of;
  }

  #atom(): Expression {
    const next = this.scanner.peek();
    if (next === '(' || next === '{' || next === '[') return this.#bracketed(next);
    if (next === '|') return this.#absolute();
    if (this.scanner.sees(REPEATING)) return this.#repeating();
    if (/[\d.]/.test(next)) return this.#number();
    const call = this.scanner.match(FUNCTION);
    if (call) return this.#call(call.replace('\\', ''));
    if (next === '\\') return this.#command();
    if (/[a-zA-Z]/.test(next)) return this.#letters();
    return this.scanner.fail();
  }

  #bracketed(open: string): Expression {
    this.scanner.expect(open);
    const barsOutside = this.#inBars;
    this.#inBars = false;
    const inside = this.sum();
    this.#inBars = barsOutside;
    this.scanner.expect(CLOSER[open] as string);
    return inside;
  }

  #absolute(): Expression {
    this.scanner.expect('|');
    this.#inBars = true;
    const of = this.sum();
    this.#inBars = false;
    this.scanner.expect('|');
    return { type: 'call', name: 'abs', of };
  }

  #number(): Expression {
    const text = this.scanner.match(NUMBER) ?? this.scanner.fail();
    if (/^\d+$/.test(text)) {
      const fraction = this.#properFraction();
      if (fraction) return binary('+', integer(text), fraction);
    }
    const [mantissa = '', exponent = '0'] = text.split(/e/i);
    const [whole = '', decimals = ''] = mantissa.split('.');
    return {
      type: 'number',
      digits: `${whole}${decimals}`,
      exponent: Number(exponent) - decimals.length,
    };
  }

  /** The fraction of a mixed number: whole numbers, the upper smaller. In plain notation a space must come first. */
  #properFraction(): Expression | undefined {
    const before = this.scanner.position;
    this.scanner.skipSpaces();
    PROPER_FRACTION.lastIndex = this.scanner.position;
    const found = PROPER_FRACTION.exec(this.scanner.text);
    if (!found) {
      this.scanner.position = before;
      return undefined;
    }
    const top = found[1] ?? found[2] ?? found[5] ?? '';
    const bottom = found[3] ?? found[4] ?? found[6] ?? '';
    if (BigInt(top) >= BigInt(bottom)) return undefined;
    this.scanner.position += found[0].length;
    return binary('/', integer(top), integer(bottom));
  }

  #repeating(): Expression {
    const text = this.scanner.match(REPEATING) as string;
    const [digits = '', repeat = ''] = text.split('\\overline');
    return { type: 'repeating', digits, repeat: repeat.replace(/\D/g, '') };
  }

  #command(): Expression {
    if (this.scanner.match(/\\frac(?![a-zA-Z])/y)) {
      const top = this.#argument();
      return binary('/', top, this.#argument());
    }
    if (this.scanner.match(/\\sqrt(?![a-zA-Z])/y)) return this.#root();
    if (this.scanner.match(/\\pi(?![a-zA-Z])/y)) return { type: 'name', name: 'pi' };
    if (this.scanner.match(/\\infty(?![a-zA-Z])/y)) return { type: 'name', name: 'infty' };
    const greek = this.scanner.match(GREEK);
    if (greek) return { type: 'name', name: this.#subscripted(greek) };
    return this.scanner.fail();
  }

  #root(): Expression {
    const base = this.scanner.peek() === '[' ? this.#bracketed('[') : undefined;
    const of = this.#argument();
    return base ? { type: 'call', name: 'sqrt', of, base } : { type: 'call', name: 'sqrt', of };
  }

  /** One TeX argument: a group, one digit, or one atom. */
  #argument(): Expression {
    const digit = this.scanner.match(/\d/y);
    return digit ? integer(digit) : this.#atom();
  }

  #letters(): Expression {
    if (this.scanner.match(/pi(?![a-zA-Z])/y)) return { type: 'name', name: 'pi' };
    if (this.scanner.match(/sqrt(?![a-zA-Z])/y)) return this.#plainRoot();
    const run = this.scanner.match(/[a-zA-Z]+/y) as string;
    // Longer runs are words, not products of variables.
    if (run.length > 3) this.scanner.fail();
    if (run.length > 1) this.scanner.position -= run.length - 1;
    return { type: 'name', name: this.#subscripted(run[0] as string) };
  }

  #plainRoot(): Expression {
    const next = this.scanner.peek();
    if (next === '(' || next === '{') return { type: 'call', name: 'sqrt', of: this.#atom() };
    const digits = this.scanner.match(/\d+/y) ?? this.scanner.fail();
    return { type: 'call', name: 'sqrt', of: integer(digits) };
  }

  #subscripted(name: string): string {
    const subscript = this.scanner.match(/_ *(?:\{ *[a-zA-Z\d]+ *\}|[a-zA-Z\d])/y);
    return subscript ? `${name}_${subscript.replace(/[_{} ]/g, '')}` : name;
  }

  #call(name: string): Expression {
    const base = name === 'log' && this.scanner.take('_') ? this.#argument() : undefined;
    const exponent = this.scanner.take('^') ? this.#argument() : undefined;
    const of = this.#functionArgument();
    const call: Expression = base ? { type: 'call', name, of, base } : { type: 'call', name, of };
    return exponent ? binary('^', call, exponent) : call;
  }

  /** Brackets, or the factors up to the next sign, operator or function: sin 3x is sin(3x). */
  #functionArgument(): Expression {
    const next = this.scanner.peek();
    if (next === '(' || next === '{') return this.#factorial(this.#bracketed(next));
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.scanner.fail();
    let of = this.#signed();
    while (this.#startsFactor() && !this.scanner.sees(FUNCTION))
      of = binary('*', of, this.#power());
    this.#depth -= 1;
    return of;
  }
}

function negated(of: Expression): Expression {
  return { type: 'unary', operator: '-', of };
}

function degrees(of: Expression): Expression {
  const half = binary('/', { type: 'name', name: 'pi' }, integer('180'));
  return binary('*', of, half);
}
