// Runs a where-expression on one record.

import type { WhereComparison, WhereExpression, WhereFieldReference, WhereMembership } from './ast.js';
import { WHERE_FIELDS, type WhereFieldName } from './fields.js';
import { equalTo, orderedAs } from './compare.js';
import { compilePattern } from './glob.js';

/**
 * What an expression can ask of a job, a dead letter or an event. Asked only for fields that decide, payload and result
 * last, so a store reads them when they are needed.
 */
export interface WhereRecord {
  /**
   * undefined or null: missing. age in milliseconds, attempt a number, status, type (canonical), queue, user and
   * priority text. error, reason and what a path leads to may be a list: a comparison holds when it holds for one item
   * (`!=`: when `=` holds for none). Objects equal nothing.
   */
  get(field: WhereFieldName, path: readonly string[]): unknown;
}

export type WherePredicate = (record: WhereRecord) => boolean;

const compiled = new WeakMap<WhereExpression, WherePredicate>();

/** A missing value: `= null` and `!= x` are true, everything else is false. */
export function matchesWhere(expression: WhereExpression, record: WhereRecord): boolean {
  let predicate = compiled.get(expression);
  if (predicate === undefined) {
    predicate = compileWhere(expression);
    compiled.set(expression, predicate);
  }
  return predicate(record);
}

/** The fields an expression names, without their paths. */
export function whereFields(expression: WhereExpression): ReadonlySet<WhereFieldName> {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return new Set(expression.operands.flatMap((operand) => [...whereFields(operand)]));
    case 'not':
      return whereFields(expression.operand);
    case 'compare':
    case 'in':
      return new Set([expression.field.name]);
  }
}

function compileWhere(expression: WhereExpression): WherePredicate {
  switch (expression.kind) {
    case 'and': {
      const predicates = cheapFirst(expression.operands).map(compileWhere);
      return (record) => predicates.every((predicate) => predicate(record));
    }
    case 'or': {
      const predicates = cheapFirst(expression.operands).map(compileWhere);
      return (record) => predicates.some((predicate) => predicate(record));
    }
    case 'not': {
      const predicate = compileWhere(expression.operand);
      return (record) => !predicate(record);
    }
    case 'compare':
      return compileComparison(expression);
    case 'in':
      return compileMembership(expression);
  }
}

/** The operands in an order that leaves parsed JSON for last; evaluation has no effects, so order does not show. */
function cheapFirst(operands: readonly WhereExpression[]): readonly WhereExpression[] {
  const readsJson = (operand: WhereExpression): boolean => {
    const fields = whereFields(operand);
    return fields.has('payload') || fields.has('result');
  };
  return [...operands.filter((operand) => !readsJson(operand)), ...operands.filter(readsJson)];
}

function compileComparison({ field, operator, literal }: WhereComparison): WherePredicate {
  const kind = WHERE_FIELDS[field.name];
  switch (operator) {
    case '=':
      return someItem(field, equalTo(kind, literal));
    case '!=': {
      const equal = someItem(field, equalTo(kind, literal));
      return (record) => !equal(record);
    }
    case '~': {
      const matches = compilePattern(literal.kind === 'text' ? literal.value : '');
      return someItem(field, (value) => isScalar(value) && matches(String(value)));
    }
    default:
      return someItem(field, orderedAs(kind, operator, literal));
  }
}

function compileMembership({ field, literals }: WhereMembership): WherePredicate {
  const tests = literals.map((literal) => equalTo(WHERE_FIELDS[field.name], literal));
  return someItem(field, (value) => tests.some((test) => test(value)));
}

function someItem({ name, path }: WhereFieldReference, test: (value: unknown) => boolean): WherePredicate {
  return (record) => {
    const value = record.get(name, path);
    return Array.isArray(value) ? value.some(test) : test(value);
  };
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
