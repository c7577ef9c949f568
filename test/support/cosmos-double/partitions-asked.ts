// Which partitions a query is about, so that one which names them costs what it costs at the service: it looks nowhere else.

import type { Expression, Query } from './sql-parse.js';
import type { Parameters } from './sql-evaluate.js';

/** Those that `key = …` or `key IN (…)` names beside all other conditions; undefined where the query is about all. */
export function partitionsAsked({ where, alias }: Query, parameters: Parameters, key: string): readonly string[] | undefined {
  const textOf = (expression: Expression): unknown => (expression.kind === 'parameter' ? parameters.get(expression.name) : expression.kind === 'value' ? expression.value : undefined);
  const isKey = (expression: Expression): boolean => expression.kind === 'path' && expression.parts.length === 2 && expression.parts[0] === alias && expression.parts[1] === key;
  const named = (expression: Expression): readonly Expression[] | undefined => {
    if (expression.kind === 'and') return named(expression.left) ?? named(expression.right);
    if (expression.kind === 'in' && isKey(expression.needle)) return expression.list;
    return expression.kind === 'compare' && expression.operator === '=' && isKey(expression.left) ? [expression.right] : undefined;
  };
  const names = where === undefined ? undefined : named(where)?.map(textOf);
  return names?.every((name) => typeof name === 'string') === true ? [...new Set(names)] : undefined;
}
