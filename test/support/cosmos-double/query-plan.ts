// What the service leaves to the SDK in a query over several physical partitions: it gives a plan with a text to ask each
// partition by, and rows that can be put together: with what they are ordered by, with parts of aggregates, by group.

import { type Document, type Parameters, project, propertyAt, type QueryRules, runQuery } from './sql-evaluate.js';
import type { Query, Selected } from './sql-parse.js';

/** Stands for the rewriting that the service does. */
const REWRITTEN = 'REWRITTEN ';

export function originalText(text: string): string {
  return text.startsWith(REWRITTEN) ? text.slice(REWRITTEN.length) : text;
}

export function needsPlan(query: Query): boolean {
  return query.orderBy.length > 0 || query.groupBy.length > 0 || query.top !== undefined || isOneAggregate(query);
}

export function planOf(text: string, query: Query): object {
  const columns = query.groupBy.length === 0 ? [] : columnsOf(query);
  return {
    partitionedQueryExecutionInfoVersion: 2,
    queryInfo: {
      distinctType: 'None',
      top: query.top ?? null,
      offset: null,
      limit: null,
      orderBy: query.orderBy.map(({ descending }) => (descending ? 'Descending' : 'Ascending')),
      orderByExpressions: query.orderBy.map(({ path }) => path.join('.')),
      groupByExpressions: query.groupBy.map((expression) => JSON.stringify(expression)),
      groupByAliases: columns.map(({ name }) => name),
      aggregates: isOneAggregate(query) ? ['Count'] : [],
      groupByAliasToAggregateType: Object.fromEntries(columns.map(({ name, expression }) => [name, expression.kind === 'aggregate' ? (expression.name === 'count' ? 'Count' : 'Min') : null])),
      rewrittenQuery: needsPlan(query) ? `${REWRITTEN}${text}` : '',
      hasSelectValue: query.select !== 'all' && 'value' in query.select,
      hasNonStreamingOrderBy: false,
    },
    queryRanges: [{ min: '', max: 'FF', isMinInclusive: true, isMaxInclusive: false }],
  };
}

/** The rows of one physical partition. */
export function runForRange(query: Query, documents: readonly Document[], parameters: Parameters, rules: QueryRules): unknown[] {
  if (query.orderBy.length > 0) {
    return runQuery({ ...query, select: 'all' }, documents, parameters, rules).map((found) => {
      const document = found as Document;
      const orderByItems = query.orderBy.map(({ path }) => ({ item: propertyAt(path, document) }));
      return { _rid: document['_rid'], orderByItems, payload: project(query, document, parameters) };
    });
  }
  const rows = runQuery(query, documents, parameters, rules);
  if (query.groupBy.length === 0) return isOneAggregate(query) ? rows.map((item) => [{ item }]) : rows;
  return rows.map((row) => {
    const values = row as Readonly<Record<string, unknown>>;
    const payload = columnsOf(query).map(({ name, expression }): [string, unknown] => [name, partOf(expression, values[name])]);
    const groupByItems = columnsOf(query).flatMap(({ name, expression }) => (expression.kind === 'aggregate' ? [] : [{ item: values[name] }]));
    return { groupByItems, payload: Object.fromEntries(payload) };
  });
}

function partOf(expression: Selected['expression'], value: unknown): unknown {
  if (expression.kind !== 'aggregate') return value;
  return expression.name === 'count' ? { item: value } : { item: { min: value } };
}

function columnsOf({ select }: Query): readonly Selected[] {
  return select === 'all' || 'value' in select ? [] : select;
}

function isOneAggregate({ select }: Query): boolean {
  return select !== 'all' && 'value' in select && select.value.kind === 'aggregate';
}
