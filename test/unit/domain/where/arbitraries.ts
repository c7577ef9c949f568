// Random where-expressions and records for the property tests: only trees that parseWhere can make, with few different
// names and values, so that they meet.

import fc from 'fast-check';
import type { WhereExpression, WhereFieldReference, WhereLiteral, WhereOperator } from '../../../../src/domain/where/ast.js';
import type { WhereRecord } from '../../../../src/domain/where/evaluate.js';
import { operatorsOf, WHERE_FIELDS, type WhereFieldName } from '../../../../src/domain/where/fields.js';
import { JOB_STATUSES, PRIORITIES } from '../../../../src/domain/job.js';

const NULL: WhereLiteral = { kind: 'null' };
const words = fc.constantFrom('a', 'B', 'b', 'ab', 'echo', 'a*', '?b', '*', '7', '007', '1e3', 'true', 'null', 'and', 'IN', '', 'x y', '2026-01-01', "it's \"so\"", 'é😀', '\u0000\n\\');
const text = fc.oneof({ weight: 4, arbitrary: words }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) });
const numberText = fc.constantFrom('7', '007', '-7.5', '+1', '1e3', '.5', '0', '12.');
const numberLiteral = numberText.map((typed): WhereLiteral => ({ kind: 'number', value: Number(typed), text: typed }));
const textLiteral = text.map((value): WhereLiteral => ({ kind: 'text', value }));
const ages = fc.constantFrom(0, 1, 60_000, 5_400_000, 86_400_000);

const keys = fc.constantFrom('a', 'b', 'x.y', 'my key', '0', '12', '007', '"', "don't", '[', '', 'é', '\\u0041', '1'.repeat(12));
const paths = fc.array(keys, { minLength: 1, maxLength: 3 });

const fields: fc.Arbitrary<WhereFieldReference> = fc.constantFrom(...(Object.keys(WHERE_FIELDS) as WhereFieldName[])).chain((name): fc.Arbitrary<WhereFieldReference> => {
  if (name === 'label') return keys.map((key) => ({ name, path: [key] }));
  if (WHERE_FIELDS[name] === 'dynamic') return paths.map((path) => ({ name, path }));
  return fc.constant({ name, path: [] });
});

function literalsOf(field: WhereFieldReference, operator: WhereOperator): fc.Arbitrary<WhereLiteral> {
  const equality = operator === '=' || operator === '!=';
  const withNull = (literal: fc.Arbitrary<WhereLiteral>) => (equality ? fc.oneof({ weight: 5, arbitrary: literal }, fc.constant(NULL)) : literal);
  if (operator === '~') return textLiteral;
  switch (WHERE_FIELDS[field.name]) {
    case 'word':
      return withNull(fc.constantFrom(...JOB_STATUSES).map((value) => ({ kind: 'text', value })));
    case 'rank':
      return withNull(fc.constantFrom(...PRIORITIES).map((value) => ({ kind: 'text', value })));
    case 'text':
      return withNull(textLiteral);
    case 'duration':
      return withNull(ages.map((ms) => ({ kind: 'duration', ms })));
    case 'number':
      return withNull(numberLiteral);
    case 'dynamic':
      if (!equality) return fc.oneof(textLiteral, numberLiteral);
      return withNull(fc.oneof(textLiteral, numberLiteral, fc.boolean().map((value): WhereLiteral => ({ kind: 'boolean', value }))));
  }
}

const comparisons = fields.chain((field) =>
  fc
    .constantFrom(...operatorsOf(field.name))
    .chain((operator) => literalsOf(field, operator).map((literal): WhereExpression => ({ kind: 'compare', field, operator, literal }))),
);
const memberships = fields.chain((field) =>
  fc.array(literalsOf(field, '='), { minLength: 1, maxLength: 4 }).map((literals): WhereExpression => ({ kind: 'in', field, literals })),
);

export const whereExpressions = treesOf(fc.oneof({ weight: 4, arbitrary: comparisons }, { weight: 1, arbitrary: memberships }));

/** Mostly the fields and operators that narrow.ts knows, with values that narrowableRecords have. */
export const narrowableExpressions = treesOf(
  fc.constantFrom('status', 'type', 'queue', 'user', 'age').chain((name: WhereFieldName): fc.Arbitrary<WhereExpression> => {
    const field = { name, path: [] };
    if (name === 'age') {
      const literal = fc.constantFrom(0, 1, 2, 3).map((ms): WhereLiteral => ({ kind: 'duration', ms }));
      return fc.record({ kind: fc.constant('compare'), field: fc.constant(field), operator: fc.constantFrom('=', '!=', '<', '<=', '>', '>='), literal });
    }
    const values = name === 'status' ? ['Queued', 'Failed'] : ['a', 'b'];
    const literal = fc.constantFrom<WhereLiteral>(...values.map((value): WhereLiteral => ({ kind: 'text', value })), NULL);
    return fc.oneof(
      fc.record({ kind: fc.constant('compare'), field: fc.constant(field), operator: fc.constantFrom('=', '=', '!='), literal }),
      fc.record({ kind: fc.constant('in'), field: fc.constant(field), literals: fc.array(literal, { minLength: 1, maxLength: 3 }) }),
    );
  }),
);

function treesOf(leaves: fc.Arbitrary<WhereExpression>): fc.Arbitrary<WhereExpression> {
  return fc.letrec<{ tree: WhereExpression }>((tie) => {
    const operands = fc.array(tie('tree'), { minLength: 2, maxLength: 4 });
    return {
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        { weight: 5, arbitrary: leaves },
        { weight: 2, arbitrary: operands.map((all): WhereExpression => ({ kind: 'and', operands: all })) },
        { weight: 2, arbitrary: operands.map((any): WhereExpression => ({ kind: 'or', operands: any })) },
        { weight: 1, arbitrary: tie('tree').map((operand): WhereExpression => ({ kind: 'not', operand })) },
      ),
    };
  }).tree;
}

const scalars = fc.oneof(text, fc.constantFrom(7, 7.5, -7.5, 1000, 0, true, false, null));
const anything = fc.oneof(scalars, fc.array(scalars, { maxLength: 3 }), fc.constant({ a: 1 }), fc.constant([['a']]));
const optional = <T>(value: fc.Arbitrary<T>) => fc.oneof({ weight: 5, arbitrary: value }, { weight: 1, arbitrary: fc.constantFrom(undefined, null) });

const fixedFields = fc.record({
  status: optional(fc.constantFrom(...JOB_STATUSES)),
  type: optional(text),
  queue: optional(text),
  user: optional(text),
  reason: optional(fc.oneof(text, fc.array(text, { maxLength: 2 }))),
  error: optional(fc.oneof(text, fc.array(text, { maxLength: 2 }))),
  age: optional(fc.oneof(ages, fc.integer({ min: -5, max: 1e8 }))),
  attempt: optional(fc.constantFrom(0, 1, 7)),
  priority: optional(fc.constantFrom(...PRIORITIES)),
});

/** A record that has a value for every path: the same path always gives the same value. */
export const whereRecords: fc.Arbitrary<WhereRecord> = fc.tuple(fixedFields, fc.array(anything, { minLength: 8, maxLength: 8 })).map(([fixed, pool]) => ({
  get: (field, path) => (path.length === 0 ? new Map(Object.entries(fixed)).get(field) : pool[[field, ...path].join('/').length % 8]),
}));

export const narrowableRecords: fc.Arbitrary<WhereRecord> = fc
  .record({
    status: optional(fc.constantFrom('Queued', 'Failed', 'Running')),
    type: optional(fc.constantFrom('a', 'b', 'c')),
    queue: optional(fc.constantFrom('a', 'b', 'c')),
    user: optional(fc.constantFrom('a', 'b', 'c')),
    age: optional(fc.constantFrom(-1, 0, 0.5, 1, 2, 3, 4)),
  })
  .map((values) => ({ get: (field) => new Map(Object.entries(values)).get(field) }));
