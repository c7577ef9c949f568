// The tree of a where-expression: what parser.ts makes, evaluate.ts runs, narrow.ts and print.ts read.
//
//   expression  = conjunction { "or" conjunction }
//   conjunction = negation { "and" negation }
//   negation    = "not" negation | "(" expression ")" | comparison
//   comparison  = field operator value | field [ "not" ] "in" "(" value { "," value } ")"
//   operator    = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~"
//   field       = "status" | "type" | … | "label." key | ( "payload" | "result" ) { "." key | "[" index "]" }

import type { WhereFieldName } from './fields.js';

export const WHERE_OPERATORS = ['=', '!=', '<', '<=', '>', '>=', '~'] as const;
export type WhereOperator = (typeof WHERE_OPERATORS)[number];

export type WhereExpression = WhereAll | WhereAny | WhereNot | WhereComparison | WhereMembership;

/** Two operands or more. */
export interface WhereAll {
  readonly kind: 'and';
  readonly operands: readonly WhereExpression[];
}

/** Two operands or more. */
export interface WhereAny {
  readonly kind: 'or';
  readonly operands: readonly WhereExpression[];
}

export interface WhereNot {
  readonly kind: 'not';
  readonly operand: WhereExpression;
}

export interface WhereComparison {
  readonly kind: 'compare';
  readonly field: WhereFieldReference;
  readonly operator: WhereOperator;
  readonly literal: WhereLiteral;
}

/** True when `=` holds for one of the literals. */
export interface WhereMembership {
  readonly kind: 'in';
  readonly field: WhereFieldReference;
  readonly literals: readonly WhereLiteral[];
}

export interface WhereFieldReference {
  readonly name: WhereFieldName;
  /** Empty but for label (one key), payload and result (object keys and array indexes as digits). */
  readonly path: readonly string[];
}

export type WhereLiteral =
  | { readonly kind: 'text'; readonly value: string }
  /** `text` as typed: `label.zip=00501` must find the text 00501. */
  | { readonly kind: 'number'; readonly value: number; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'duration'; readonly ms: number }
  | { readonly kind: 'null' };
