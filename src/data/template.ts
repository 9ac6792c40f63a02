import { ConfigError, DataError } from '../errors.ts';
import type { Columns } from '../types.ts';
import { columnOf } from './columns.ts';
import { kindOf } from './row-result.ts';

/** A template read once, to be filled with many rows. */
export interface TextTemplate {
  /** Names between braces, in order of appearance, each once. */
  readonly columns: readonly string[];
  readonly fill: (columns: Columns, where?: string) => string;
}

const PIECE = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

function asText(value: unknown, column: string, where: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new DataError(
    `${where}: column ${JSON.stringify(column)} is ${kindOf(value)}, and a template needs text or a number`,
  );
}

/**
 * Reads a template such as `"Question: {question}\nAnswer:"`: `{column}` stands for the column's value, `{{` and `}}`
 * for braces.
 * @throws ConfigError at a brace that is neither.
 */
export function textTemplate(source: string): TextTemplate {
  const literals: string[] = [];
  const names: string[] = [];
  let literal = '';
  let end = 0;
  for (const match of source.matchAll(PIECE)) {
    literal += source.slice(end, match.index);
    end = match.index + match[0].length;
    const name = match[1]?.trim();
    if (match[0] === '{{' || match[0] === '}}') literal += match[0][0];
    else if (name) {
      literals.push(literal);
      names.push(name);
      literal = '';
    } else {
      throw new ConfigError(
        `template ${JSON.stringify(source)}: ${JSON.stringify(match[0])} at position ${match.index} names no column; ` +
          'write {column}, or {{ and }} for braces',
      );
    }
  }
  literal += source.slice(end);
  return {
    columns: [...new Set(names)],
    fill: (columns, where = 'the row') =>
      names
        .map((name, index) => literals[index] + asText(columnOf(columns, name, where), name, where))
        .join('') + literal,
  };
}
