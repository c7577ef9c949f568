// Answers a query over documents by the service's own rules: comparisons between different kinds of values are undefined,
// and so is what a missing property takes part in; only what is true is found.

import { type Aggregate, type Expression, type Query, QueryRefused, type Selected } from './sql-parse.js';

export type Document = Readonly<Record<string, unknown>>;
export type Parameters = ReadonlyMap<string, unknown>;

export interface QueryRules {
  /** Lists of paths, each with its direction, that ORDER BY over several properties may use. */
  readonly compositeIndexes: readonly (readonly { readonly path: string; readonly descending: boolean }[])[];
}

export function runQuery(query: Query, documents: Iterable<Document>, parameters: Parameters, rules: QueryRules): unknown[] {
  refuseWithoutIndex(query, rules);
  const found: Document[] = [];
  for (const document of documents) {
    if (query.where === undefined || evaluate(query.where, { document, parameters, alias: query.alias }) === true) found.push(document);
  }
  if (query.groupBy.length > 0) return grouped(query, found, parameters);
  sort(query, found);
  const top = query.top === undefined ? found : found.slice(0, query.top);
  const { select } = query;
  if (select !== 'all' && 'value' in select && select.value.kind === 'aggregate') return [aggregate(select.value, top, query.alias, parameters)];
  return top.map((document) => project(query, document, parameters));
}

export function isTrue(where: Expression, alias: string, document: Document): boolean {
  return evaluate(where, { document, parameters: new Map(), alias }) === true;
}

/** As the service: ORDER BY over several properties needs a composite index of exactly these, or of all reversed. */
function refuseWithoutIndex({ orderBy, alias }: Query, { compositeIndexes }: QueryRules): void {
  if (orderBy.length < 2) return;
  const wanted = orderBy.map(({ path, descending }) => ({ path: `/${path.filter((part) => part !== alias).join('/')}`, descending }));
  const fits = compositeIndexes.some(
    (index) =>
      index.length === wanted.length &&
      [false, true].some((reversed) => index.every((part, i) => part.path === wanted[i]?.path && part.descending !== (wanted[i].descending === reversed))),
  );
  if (!fits) throw new QueryRefused('The order by query does not have a corresponding composite index that it can be served from.');
}

interface Scope {
  readonly document: Document;
  readonly parameters: Parameters;
  readonly alias: string;
}

function evaluate(expression: Expression, scope: Scope): unknown {
  switch (expression.kind) {
    case 'value':
      return expression.value;
    case 'parameter': {
      if (!scope.parameters.has(expression.name)) throw new QueryRefused(`no value for ${expression.name}`);
      return scope.parameters.get(expression.name);
    }
    case 'path':
      return valueAt(expression.parts, scope);
    case 'not': {
      const value = evaluate(expression.of, scope);
      return typeof value === 'boolean' ? !value : undefined;
    }
    case 'and': {
      const [left, right] = [evaluate(expression.left, scope), evaluate(expression.right, scope)];
      if (left === false || right === false) return false;
      return left === true && right === true ? true : undefined;
    }
    case 'or': {
      const [left, right] = [evaluate(expression.left, scope), evaluate(expression.right, scope)];
      if (left === true || right === true) return true;
      return left === false && right === false ? false : undefined;
    }
    case 'compare':
      return compare(expression.operator, evaluate(expression.left, scope), evaluate(expression.right, scope));
    case 'in': {
      const needle = evaluate(expression.needle, scope);
      return needle === undefined ? undefined : expression.list.some((item) => compare('=', needle, evaluate(item, scope)) === true);
    }
    case 'call':
      return call(expression.name, expression.args.map((arg) => evaluate(arg, scope)));
  }
}

function valueAt(parts: readonly string[], { document, alias }: Scope): unknown {
  const [first, ...rest] = parts;
  if (first !== alias) throw new QueryRefused(`unknown name ${String(first)}`);
  let value: unknown = document;
  for (const part of rest) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

function compare(operator: string, left: unknown, right: unknown): boolean | undefined {
  if (left === undefined || right === undefined) return undefined;
  if (operator === '=' || operator === '!=') {
    if (kindOf(left) !== kindOf(right)) return undefined;
    const equal = JSON.stringify(left) === JSON.stringify(right);
    return operator === '=' ? equal : !equal;
  }
  if (kindOf(left) !== kindOf(right) || (typeof left !== 'number' && typeof left !== 'string')) return undefined;
  const order = orderOf(left, right);
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return operator === '>' ? order > 0 : order >= 0;
}

function call(name: string, args: readonly unknown[]): unknown {
  const [first, second, third] = args;
  if (name === 'IS_DEFINED') return first !== undefined;
  if (name === 'IS_NULL') return first === null;
  if (name === 'IS_NUMBER') return typeof first === 'number';
  if (name === 'IS_STRING') return typeof first === 'string';
  if (name === 'ARRAY_CONTAINS') return Array.isArray(first) ? first.some((item) => compare('=', item, second) === true) : undefined;
  if (typeof first !== 'string') return undefined;
  if (name === 'LOWER') return first.toLowerCase();
  if (typeof second !== 'string') return undefined;
  if (name === 'REGEXMATCH') return new RegExp(second, typeof third === 'string' ? `u${third}` : 'u').test(first);
  const fold = (text: string): string => (third === true ? text.toLowerCase() : text);
  if (name === 'STARTSWITH') return fold(first).startsWith(fold(second));
  if (name === 'ENDSWITH') return fold(first).endsWith(fold(second));
  if (name === 'CONTAINS') return fold(first).includes(fold(second));
  throw new QueryRefused(`no function ${name}`);
}

function sort({ orderBy }: Query, documents: Document[]): void {
  if (orderBy.length === 0) return;
  documents.sort((a, b) => {
    for (const { path, descending } of orderBy) {
      const order = orderOf(propertyAt(path, a), propertyAt(path, b));
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  });
}

export function propertyAt(path: readonly string[], document: Document): unknown {
  return valueAt(path, { document, parameters: new Map(), alias: path[0] ?? '' });
}

export function project({ select, alias }: Query, document: Document, parameters: Parameters): unknown {
  const scope = { document, parameters, alias };
  if (select === 'all') return document;
  if ('value' in select) return evaluate(plain(select.value), scope);
  return Object.fromEntries(select.map(({ name, expression }) => [name, evaluate(plain(expression), scope)]).filter(([, value]) => value !== undefined));
}

function grouped({ select, groupBy, alias }: Query, documents: readonly Document[], parameters: Parameters): unknown[] {
  if (select === 'all' || 'value' in select) throw new QueryRefused('GROUP BY needs named columns');
  const groups = new Map<string, Document[]>();
  for (const document of documents) {
    const key = JSON.stringify(groupBy.map((path) => evaluate(path, { document, parameters, alias })));
    groups.set(key, [...(groups.get(key) ?? []), document]);
  }
  return [...groups.values()].map((members) =>
    Object.fromEntries(
      select.map(({ name, expression }): [string, unknown] => {
        if (expression.kind === 'aggregate') return [name, aggregate(expression, members, alias, parameters)];
        const [first] = members;
        if (first === undefined) throw new Error('an empty group');
        return [name, evaluate(expression, { document: first, parameters, alias })];
      }),
    ),
  );
}

function aggregate(expression: Aggregate, documents: readonly Document[], alias: string, parameters: Parameters): unknown {
  const values = documents.map((document) => evaluate(expression.of, { document, parameters, alias })).filter((value) => value !== undefined);
  if (expression.name === 'count') return values.length;
  return values.reduce<unknown>((least, value) => (least === undefined || orderOf(value, least) < 0 ? value : least), undefined);
}

function plain(expression: Selected['expression']): Expression {
  if (expression.kind === 'aggregate') throw new QueryRefused('an aggregate beside other columns needs GROUP BY');
  return expression;
}

const KINDS = ['undefined', 'null', 'boolean', 'number', 'string', 'array', 'object'];

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Of the service: undefined, null, booleans, numbers, strings; strings by their code units. */
function orderOf(left: unknown, right: unknown): number {
  const kinds = KINDS.indexOf(kindOf(left)) - KINDS.indexOf(kindOf(right));
  if (kinds !== 0) return kinds;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  return Number(left) - Number(right);
}
