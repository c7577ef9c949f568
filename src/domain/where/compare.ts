// One value of a record against one literal. A value of another kind than the literal's is never equal and has no order.

import { PRIORITIES } from '../job.js';
import type { WhereLiteral, WhereOperator } from './ast.js';
import type { WhereFieldKind } from './fields.js';

export type WhereOrder = Exclude<WhereOperator, '=' | '!=' | '~'>;
type ValueTest = (value: unknown) => boolean;

/** The `=` operator. */
export function equalTo(kind: WhereFieldKind, literal: WhereLiteral): ValueTest {
  switch (literal.kind) {
    case 'null':
      return (value) => value === undefined || value === null;
    case 'text':
      return kind === 'word' || kind === 'rank' ? equalWord(literal.value) : (value) => value === literal.value;
    case 'number':
      return (value) => value === literal.value || value === literal.text;
    case 'boolean':
      return (value) => value === literal.value || (typeof value === 'string' && value.toLowerCase() === String(literal.value));
    case 'duration':
      return (value) => value === literal.ms;
  }
}

/** Numbers by size, also a text that is a number when the literal is one; texts by UTF-16 code units; priorities by rank. */
export function orderedAs(kind: WhereFieldKind, operator: WhereOrder, literal: WhereLiteral): ValueTest {
  const holds = ORDERS[operator];
  if (kind === 'rank' && literal.kind === 'text') {
    const rank = rankOf(literal.value);
    return (value) => typeof value === 'string' && rankOf(value) >= 0 && holds(rankOf(value) - rank);
  }
  switch (literal.kind) {
    case 'number':
      return (value) => holds(toNumber(value) - literal.value);
    case 'duration':
      return (value) => typeof value === 'number' && holds(value - literal.ms);
    case 'text':
      return (value) => typeof value === 'string' && holds(value < literal.value ? -1 : value > literal.value ? 1 : 0);
    default:
      return () => false;
  }
}

/** On the difference "value minus literal"; NaN fails all four. */
const ORDERS: Readonly<Record<WhereOrder, (difference: number) => boolean>> = {
  '<': (difference) => difference < 0,
  '<=': (difference) => difference <= 0,
  '>': (difference) => difference > 0,
  '>=': (difference) => difference >= 0,
};

function equalWord(word: string): ValueTest {
  const wanted = word.toLowerCase();
  return (value) => typeof value === 'string' && value.toLowerCase() === wanted;
}

function rankOf(priority: string): number {
  const wanted = priority.toLowerCase();
  return PRIORITIES.findIndex((candidate) => candidate === wanted);
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^[+-]?\d{1,400}(?:\.\d{1,400})?$/.test(value) ? Number(value) : Number.NaN;
}
