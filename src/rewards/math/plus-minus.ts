import type { Answer } from './answer.ts';
import type { Expression } from './expression.ts';

type Value = Extract<Answer, { kind: 'value' }>;

/** ± makes two values of one: a list, or more members of the list it stands in. All signs of a formula go together. */
export function expandPlusMinus(answer: Answer): Answer {
  if (answer.kind === 'value' && hasPlusMinus(answer.expression)) {
    return { kind: 'list', items: bothSigns(answer) };
  }
  if (answer.kind !== 'list') return answer;
  const items = answer.items.flatMap((item) =>
    item.kind === 'value' && hasPlusMinus(item.expression) ? bothSigns(item) : [item],
  );
  return { kind: 'list', items };
}

function bothSigns(value: Value): Value[] {
  const withSign = (sign: 'pm' | 'mp') => ({
    ...value,
    expression: choose(value.expression, sign),
  });
  return [withSign('pm'), withSign('mp')];
}

function isSign(operator: string): operator is 'pm' | 'mp' {
  return operator === 'pm' || operator === 'mp';
}

function hasPlusMinus(node: Expression): boolean {
  if (node.type === 'binary') {
    return isSign(node.operator) || hasPlusMinus(node.left) || hasPlusMinus(node.right);
  }
  if (node.type === 'unary') return isSign(node.operator) || hasPlusMinus(node.of);
  return node.type === 'call' && hasPlusMinus(node.of);
}

/** The formula with the signs of one kind read as plus, of the other as minus. */
function choose(node: Expression, plus: 'pm' | 'mp'): Expression {
  if (node.type === 'binary') {
    const { operator } = node;
    const chosen = isSign(operator) ? (operator === plus ? '+' : '-') : operator;
    return {
      ...node,
      operator: chosen,
      left: choose(node.left, plus),
      right: choose(node.right, plus),
    };
  }
  if (node.type === 'unary') {
    const of = choose(node.of, plus);
    if (!isSign(node.operator)) return { ...node, of };
    return node.operator === plus ? of : { ...node, operator: '-', of };
  }
  return node.type === 'call' ? { ...node, of: choose(node.of, plus) } : node;
}
