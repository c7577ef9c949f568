// The part of a where-expression that an index can answer, so that a store reads few records and tests each of them with
// matchesWhere afterwards.

import type { WhereComparison, WhereExpression, WhereLiteral } from './ast.js';

/**
 * What holds for every record that matches the expression: always a superset, often a much larger one. A missing
 * property says nothing; an empty list says that no record can match. Ages include their bounds.
 */
export interface WhereNarrowing {
  readonly status?: readonly string[];
  /** Canonical types. */
  readonly type?: readonly string[];
  readonly queue?: readonly string[];
  readonly user?: readonly string[];
  readonly minAgeMs?: number;
  readonly maxAgeMs?: number;
}

export function narrow(expression: WhereExpression): WhereNarrowing {
  switch (expression.kind) {
    case 'and':
      return expression.operands.map(narrow).reduce(both);
    case 'or':
      return expression.operands.map(narrow).reduce(either);
    case 'not':
      return {};
    case 'in':
      return isListed(expression.field.name) ? listed(expression.field.name, expression.literals) : {};
    case 'compare':
      return narrowComparison(expression);
  }
}

/** The ages as bounds on the instant that `age` counts from, both included. */
export function instantBounds(narrowing: WhereNarrowing, nowMs: number): { notBefore?: number; notAfter?: number } {
  return {
    ...(narrowing.maxAgeMs === undefined ? {} : { notBefore: nowMs - narrowing.maxAgeMs }),
    ...(narrowing.minAgeMs === undefined ? {} : { notAfter: nowMs - narrowing.minAgeMs }),
  };
}

const LISTED = ['status', 'type', 'queue', 'user'] as const;
type ListedField = (typeof LISTED)[number];

function narrowComparison({ field, operator, literal }: WhereComparison): WhereNarrowing {
  if (isListed(field.name)) return operator === '=' ? listed(field.name, [literal]) : {};
  if (field.name !== 'age' || literal.kind !== 'duration') return {};
  if (operator === '>' || operator === '>=') return { minAgeMs: literal.ms };
  if (operator === '<' || operator === '<=') return { maxAgeMs: literal.ms };
  return operator === '=' ? { minAgeMs: literal.ms, maxAgeMs: literal.ms } : {};
}

/** `= null` matches records without a value, which no list of values can name. */
function listed(field: ListedField, literals: readonly WhereLiteral[]): WhereNarrowing {
  const values = literals.flatMap((literal) => (literal.kind === 'text' ? [literal.value] : []));
  return values.length === literals.length ? { [field]: [...new Set(values)] } : {};
}

function both(a: WhereNarrowing, b: WhereNarrowing): WhereNarrowing {
  return {
    ...a,
    ...b,
    ...Object.fromEntries(
      LISTED.flatMap((field) => {
        const [left, right] = [a[field], b[field]];
        return left === undefined || right === undefined ? [] : [[field, left.filter((value) => right.includes(value))]];
      }),
    ),
    ...(a.minAgeMs === undefined || b.minAgeMs === undefined ? {} : { minAgeMs: Math.max(a.minAgeMs, b.minAgeMs) }),
    ...(a.maxAgeMs === undefined || b.maxAgeMs === undefined ? {} : { maxAgeMs: Math.min(a.maxAgeMs, b.maxAgeMs) }),
  };
}

/** Only what both sides restrict stays restricted. */
function either(a: WhereNarrowing, b: WhereNarrowing): WhereNarrowing {
  return {
    ...Object.fromEntries(
      LISTED.flatMap((field) => {
        const [left, right] = [a[field], b[field]];
        return left === undefined || right === undefined ? [] : [[field, [...new Set([...left, ...right])]]];
      }),
    ),
    ...(a.minAgeMs === undefined || b.minAgeMs === undefined ? {} : { minAgeMs: Math.min(a.minAgeMs, b.minAgeMs) }),
    ...(a.maxAgeMs === undefined || b.maxAgeMs === undefined ? {} : { maxAgeMs: Math.max(a.maxAgeMs, b.maxAgeMs) }),
  };
}

function isListed(field: string): field is ListedField {
  return (LISTED as readonly string[]).includes(field);
}
