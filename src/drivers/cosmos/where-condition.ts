// What of a where-expression the container's index can answer, as a condition of a query. Nothing else goes into the query:
// a condition without an index would make the service read document after document, where nobody could count or stop it.

import { JOB_STATUSES, type JobStatus } from '../../domain/job.js';
import type { WhereComparison, WhereExpression, WhereLiteral, WhereMembership } from '../../domain/where/ast.js';
import { matchesWhere } from '../../domain/where/evaluate.js';

/** `sql` holds for every job that the expression fits; `isExact`: for no other. */
export interface WhereCondition {
  readonly sql: string;
  readonly isExact: boolean;
}

/** Gives the name of a parameter with this value. */
type Parameter = (value: string | number) => string;

const ANYTHING: WhereCondition = { sql: 'true', isExact: false };
const NOTHING: WhereCondition = { sql: 'false', isExact: true };

/** Each part is true or false for every job, never undefined, so that `NOT` can be set before it. */
export function whereCondition(expression: WhereExpression, scope: { readonly nowMs: number; readonly parameter: Parameter }): WhereCondition {
  const { nowMs, parameter } = scope;
  switch (expression.kind) {
    case 'and':
      return together(expression.operands.map((operand) => whereCondition(operand, scope)));
    case 'or':
      return either(expression.operands.map((operand) => whereCondition(operand, scope)));
    case 'not':
      return opposite(whereCondition(expression.operand, scope));
    case 'in':
      return leaf(expression, parameter);
    case 'compare':
      return expression.field.name === 'age' ? ageCondition(expression, nowMs, parameter) : leaf(expression, parameter);
  }
}

function together(parts: readonly WhereCondition[]): WhereCondition {
  const said = parts.filter(({ sql }) => sql !== 'true');
  if (said.length === 0) return { sql: 'true', isExact: parts.every(({ isExact }) => isExact) };
  return { sql: said.map(({ sql }) => `(${sql})`).join(' AND '), isExact: parts.every(({ isExact }) => isExact) };
}

function either(parts: readonly WhereCondition[]): WhereCondition {
  const isExact = parts.every((part) => part.isExact);
  if (parts.some(({ sql }) => sql === 'true')) return { sql: 'true', isExact };
  return { sql: parts.map(({ sql }) => `(${sql})`).join(' OR '), isExact };
}

/** Of a condition that holds for too many jobs the opposite would hold for too few. */
function opposite({ sql, isExact }: WhereCondition): WhereCondition {
  return isExact ? { sql: `NOT (${sql})`, isExact } : ANYTHING;
}

const TEXT_PATHS = { type: 'c.state.type', queue: 'c.state.queue', user: 'c.state.userId' } as const;

function leaf(expression: WhereComparison | WhereMembership, parameter: Parameter): WhereCondition {
  const { name, path } = expression.field;
  if (name === 'status') return statusCondition(expression, parameter);
  if (name === 'type' || name === 'queue' || name === 'user') return equality(expression, (literal) => textEquals(TEXT_PATHS[name], literal, parameter)) ?? ANYTHING;
  if (name === 'label') return labelCondition(expression, path[0] ?? '', parameter);
  return ANYTHING;
}

/** There are few: each is tried. */
function statusCondition(expression: WhereExpression, parameter: Parameter): WhereCondition {
  const fits = (status: JobStatus): boolean => matchesWhere(expression, { get: () => status });
  const statuses = JOB_STATUSES.filter(fits);
  if (statuses.length === 0) return NOTHING;
  return { sql: `c.state.status IN (${statuses.map(parameter).join(', ')})`, isExact: true };
}

/** Of `=`, `!=` and `in`; undefined for other operators. */
function equality(expression: WhereComparison | WhereMembership, equals: (literal: WhereLiteral) => WhereCondition): WhereCondition | undefined {
  if (expression.kind === 'in') return either(expression.literals.map(equals));
  if (expression.operator === '=') return equals(expression.literal);
  return expression.operator === '!=' ? opposite(equals(expression.literal)) : undefined;
}

function textEquals(property: string, literal: WhereLiteral, parameter: Parameter): WhereCondition {
  if (literal.kind === 'null') return NOTHING;
  return literal.kind === 'text' ? { sql: `${property} = ${parameter(literal.value)}`, isExact: true } : ANYTHING;
}

/** Labels are texts: a number is compared as it was typed. */
function labelCondition(expression: WhereComparison | WhereMembership, key: string, parameter: Parameter): WhereCondition {
  const label = `c.state.labels[${JSON.stringify(key)}]`;
  const isThere: WhereCondition = { sql: `IS_DEFINED(${label})`, isExact: false };
  const equals = (literal: WhereLiteral): WhereCondition => {
    if (literal.kind === 'null') return { sql: `NOT IS_DEFINED(${label})`, isExact: true };
    if (literal.kind !== 'text' && literal.kind !== 'number') return isThere;
    return { sql: `IS_DEFINED(${label}) AND ${label} = ${parameter(literal.kind === 'text' ? literal.value : literal.text)}`, isExact: true };
  };
  return equality(expression, equals) ?? isThere;
}

const AGE_OPERATORS: Readonly<Partial<Record<WhereComparison['operator'], string>>> = { '=': '=', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** A job is the older the earlier it was created. */
function ageCondition({ operator, literal }: WhereComparison, nowMs: number, parameter: Parameter): WhereCondition {
  const turned = AGE_OPERATORS[operator];
  if (literal.kind !== 'duration' || turned === undefined) return ANYTHING;
  return { sql: `c.createdAt ${turned} ${parameter(nowMs - literal.ms)}`, isExact: true };
}
