// Tree to text: what the dashboard shows and copies for a filter it built.

import type { WhereExpression } from './ast.js';
import { printFieldReference } from './field-path.js';
import { printLiteral } from './literal.js';

/** `parseWhere(printWhere(e))` equals e for every e that parseWhere made, unless escapes carry the text over 4 KiB. */
export function printWhere(expression: WhereExpression): string {
  switch (expression.kind) {
    case 'and':
      return expression.operands.map((operand) => grouped(operand, ['and', 'or'])).join(' and ');
    case 'or':
      return expression.operands.map((operand) => grouped(operand, ['or'])).join(' or ');
    case 'not':
      return `not ${grouped(expression.operand, ['and', 'or'])}`;
    case 'compare':
      return `${printFieldReference(expression.field)}${expression.operator}${printLiteral(expression.literal)}`;
    case 'in':
      return `${printFieldReference(expression.field)} in (${expression.literals.map(printLiteral).join(', ')})`;
  }
}

function grouped(expression: WhereExpression, kinds: readonly WhereExpression['kind'][]): string {
  const text = printWhere(expression);
  return kinds.includes(expression.kind) ? `(${text})` : text;
}
