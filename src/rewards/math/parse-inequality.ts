import type { Answer } from './answer.ts';
import { splitTopLevel } from './split.ts';

type Relation = '<' | '>' | '<=' | '>=';
const RELATION = /\\(?:le|ge|lt|gt)(?![a-zA-Z])|<=|>=|<|>/y;
const NAMED: Readonly<Record<string, Relation>> = {
  '\\le': '<=',
  '\\ge': '>=',
  '\\lt': '<',
  '\\gt': '>',
};
const VARIABLE = /^[a-zA-Z]$/;
const infinity = (sign: '' | '-') => `${sign}\\infty`;

/** An inequality that bounds one variable, as the interval it describes: 2 < x ≤ 5 is (2, 5]. */
export function parseInequality(text: string, inner: (part: string) => Answer): Answer | undefined {
  const parts = splitTopLevel(text, RELATION);
  if (parts.length < 2 || parts.length > 3) return undefined;
  const relations = readRelations(text, parts);
  if (parts.length === 2) {
    const [left, right] = parts as [string, string];
    const [relation] = relations as [Relation];
    if (VARIABLE.test(left)) return halfLine(right, relation, inner);
    return VARIABLE.test(right) ? halfLine(left, flip(relation), inner) : undefined;
  }
  const [low, middle, high] = parts as [string, string, string];
  const [first, second] = relations as [Relation, Relation];
  if (!VARIABLE.test(middle) || first[0] !== second[0]) return undefined;
  return first[0] === '<'
    ? interval(low, first, high, second, inner)
    : interval(high, flip(second), low, flip(first), inner);
}

/** x (relation) bound. */
function halfLine(bound: string, relation: Relation, inner: (part: string) => Answer): Answer {
  return relation[0] === '<'
    ? interval(infinity('-'), '<', bound, relation, inner)
    : interval(bound, flip(relation), infinity(''), '<', inner);
}

function interval(
  low: string,
  lowRelation: Relation,
  high: string,
  highRelation: Relation,
  inner: (part: string) => Answer,
): Answer {
  return {
    kind: 'sequence',
    open: lowRelation === '<=' ? '[' : '(',
    close: highRelation === '<=' ? ']' : ')',
    items: [inner(low), inner(high)],
  };
}

function flip(relation: Relation): Relation {
  return relation.replace(/[<>]/, (sign) => (sign === '<' ? '>' : '<')) as Relation;
}

function readRelations(text: string, parts: readonly string[]): Relation[] {
  const relations: Relation[] = [];
  let position = 0;
  for (const part of parts.slice(0, -1)) {
    position = text.indexOf(part, position) + part.length;
    while (text[position] === ' ') position += 1;
    RELATION.lastIndex = position;
    const found = RELATION.exec(text)?.[0] ?? '<';
    position += found.length;
    relations.push(NAMED[found] ?? (found as Relation));
  }
  return relations;
}
