// A second, slow evaluator of where-expressions, written from the language's description and sharing no code with the
// product: globs become regular expressions, every rule is spelled out.

import type { WhereExpression, WhereLiteral, WhereOperator } from '../../../../src/domain/where/ast.js';
import type { WhereRecord } from '../../../../src/domain/where/evaluate.js';

export function naiveMatches(expression: WhereExpression, record: WhereRecord): boolean {
  if (expression.kind === 'not') return naiveMatches(expression.operand, record) === false;
  if (expression.kind === 'and') {
    for (const operand of expression.operands) if (naiveMatches(operand, record) === false) return false;
    return true;
  }
  if (expression.kind === 'or') {
    for (const operand of expression.operands) if (naiveMatches(operand, record) === true) return true;
    return false;
  }
  const { name, path } = expression.field;
  const stored = record.get(name, path);
  const items: unknown[] = Array.isArray(stored) ? stored : [stored];
  if (expression.kind === 'in') return items.some((item) => expression.literals.some((literal) => holds(name, item, '=', literal)));
  if (expression.operator === '!=') return items.every((item) => holds(name, item, '=', expression.literal) === false);
  return items.some((item) => holds(name, item, expression.operator, expression.literal));
}

function holds(field: string, item: unknown, operator: WhereOperator, literal: WhereLiteral): boolean {
  const missing = item === undefined || item === null;
  if (literal.kind === 'null') return missing;
  if (missing || typeof item === 'object') return false;
  if (operator === '~') return literal.kind === 'text' && likePattern(literal.value, `${item as string}`);
  const pair = comparable(field, item, operator, literal);
  if (pair === undefined) return false;
  const [left, right] = pair;
  if (operator === '=') return left === right;
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  if (operator === '>') return left > right;
  return left >= right;
}

type Pair = readonly [string | number, string | number] | undefined;

/** Both sides as two numbers or two texts, or undefined when they cannot be compared. */
function comparable(field: string, item: unknown, operator: WhereOperator, literal: WhereLiteral): Pair {
  if (field === 'priority' && literal.kind === 'text') {
    const ranks = ['low', 'normal', 'high', 'urgent'];
    return [ranks.indexOf(String(item).toLowerCase()), ranks.indexOf(literal.value.toLowerCase())];
  }
  if (literal.kind === 'duration') return typeof item === 'number' ? [item, literal.ms] : undefined;
  if (literal.kind === 'boolean') return [String(item).toLowerCase(), String(literal.value)];
  if (literal.kind === 'number') {
    if (typeof item === 'number') return [item, literal.value];
    if (typeof item !== 'string') return undefined;
    if (operator === '=') return [item, literal.text];
    return /^[+-]?\d+(\.\d+)?$/.test(item) ? [Number(item), literal.value] : undefined;
  }
  if (literal.kind !== 'text' || typeof item !== 'string') return undefined;
  return field === 'status' ? [item.toLowerCase(), literal.value.toLowerCase()] : [item, literal.value];
}

export function likePattern(pattern: string, value: string): boolean {
  const wanted = pattern.toLowerCase();
  const given = value.toLowerCase();
  if (!wanted.includes('*') && !wanted.includes('?')) return given.includes(wanted);
  const source = Array.from(wanted, (character) => {
    if (character === '*') return '[^]*';
    if (character === '?') return '[^]';
    return /[\\^$.|+()[\]{}/]/.test(character) ? `\\${character}` : character;
  }).join('');
  return new RegExp(`^${source}$`, 'u').test(given);
}
