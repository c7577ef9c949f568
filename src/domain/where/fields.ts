// The fields a where-expression can name and what may be done with each.

import { closest, distance } from 'fastest-levenshtein';
import type { WhereOperator } from './ast.js';

/**
 * `word`: one of a fixed list, in any case · `rank`: the same, and the list is an order · `text`: letters count as typed ·
 * `dynamic`: whatever JSON holds there.
 */
export type WhereFieldKind = 'word' | 'rank' | 'text' | 'duration' | 'number' | 'dynamic';

export const WHERE_FIELDS = {
  status: 'word',
  type: 'text',
  queue: 'text',
  user: 'text',
  reason: 'text',
  error: 'text',
  age: 'duration',
  attempt: 'number',
  priority: 'rank',
  label: 'dynamic',
  payload: 'dynamic',
  result: 'dynamic',
} as const satisfies Record<string, WhereFieldKind>;

export type WhereFieldName = keyof typeof WHERE_FIELDS;

const EQUALITY: readonly WhereOperator[] = ['=', '!='];
const ORDER: readonly WhereOperator[] = ['<', '<=', '>', '>='];

/** Operators by kind; `in` is allowed everywhere. */
const OPERATORS: Readonly<Record<WhereFieldKind, readonly WhereOperator[]>> = {
  word: [...EQUALITY, '~'],
  rank: [...EQUALITY, ...ORDER, '~'],
  text: [...EQUALITY, '~'],
  duration: [...EQUALITY, ...ORDER],
  number: [...EQUALITY, ...ORDER],
  dynamic: [...EQUALITY, ...ORDER, '~'],
};

export function isWhereFieldName(name: string): name is WhereFieldName {
  return Object.hasOwn(WHERE_FIELDS, name);
}

export function operatorsOf(field: WhereFieldName): readonly WhereOperator[] {
  return OPERATORS[WHERE_FIELDS[field]];
}

/** As shown in hints: `label.x` for the fields that need a key. */
export function listWhereFields(): string {
  return Object.entries(WHERE_FIELDS)
    .map(([name, kind]) => (kind === 'dynamic' ? `${name}.x` : name))
    .join(', ');
}

/** The candidate that was probably meant, or undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word === '' || candidates.length === 0) return undefined;
  const lower = word.slice(0, 64).toLowerCase();
  const best = closest(lower, candidates.map((candidate) => candidate.toLowerCase()));
  const found = candidates.find((candidate) => candidate.toLowerCase() === best);
  return distance(lower, best) <= Math.max(2, Math.floor(best.length / 3)) ? found : undefined;
}
