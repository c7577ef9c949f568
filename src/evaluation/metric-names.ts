// The metrics a gate can name, and how their names are read.

import { nearest } from '../domain/nearest.js';

export const SCORE_STATISTICS = ['mean', 'min', 'p50', 'p90', 'p95'] as const;
export const LATENCY_STATISTICS = ['meanMs', 'p50Ms', 'p90Ms', 'p95Ms'] as const;
export const COUNTS = ['items', 'runs', 'passed', 'failed', 'errors', 'emptyAnswers', 'cutAnswers'] as const;

export type ScoreStatistic = (typeof SCORE_STATISTICS)[number];
export type LatencyStatistic = (typeof LATENCY_STATISTICS)[number];
export type CountName = (typeof COUNTS)[number];

export type MetricName =
  | { readonly of: 'passRate' | 'errorRate' }
  | { readonly of: 'score'; readonly statistic: ScoreStatistic }
  | { readonly of: 'evaluator'; readonly id: string; readonly statistic: ScoreStatistic | 'passRate' }
  | { readonly of: 'latency'; readonly statistic: LatencyStatistic }
  | { readonly of: 'counts'; readonly count: CountName }
  | { readonly of: 'category'; readonly category: string };

/**
 * `passRate`, `errorRate`, `score[.p50]`, `<evaluator id>[.mean|min|p50|p90|p95|passRate]`, `latency.p95Ms`,
 * `counts.errors`, `category.<name>.passRate`. Null for anything else.
 */
export function parseMetricName(name: string, evaluatorIds: readonly string[]): MetricName | null {
  if (name === 'passRate' || name === 'errorRate') return { of: name };
  const category = /^category\.(.+)\.passRate$/s.exec(name)?.[1];
  if (category !== undefined) return { of: 'category', category };
  const [head = '', tail = 'mean', ...rest] = name.split('.');
  if (rest.length > 0) return null;
  if (head === 'latency') return named(LATENCY_STATISTICS, tail, (statistic) => ({ of: 'latency', statistic }));
  if (head === 'counts') return named(COUNTS, tail, (count) => ({ of: 'counts', count }));
  if (head === 'score') return named(SCORE_STATISTICS, tail, (statistic) => ({ of: 'score', statistic }));
  if (!evaluatorIds.includes(head)) return null;
  return named([...SCORE_STATISTICS, 'passRate'] as const, tail, (statistic) => ({ of: 'evaluator', id: head, statistic }));
}

/** What to say about a name that parseMetricName refused. */
export function unknownMetric(name: string, evaluatorIds: readonly string[]): string {
  const known = ['passRate', 'errorRate', 'score', ...evaluatorIds, ...evaluatorIds.map((id) => `${id}.passRate`)];
  const all = [...known, ...LATENCY_STATISTICS.map((statistic) => `latency.${statistic}`), ...COUNTS.map((count) => `counts.${count}`)];
  const near = nearest(name, all);
  const others = `${known.slice(0, 12).join(', ')}, latency.p95Ms, counts.errors, category.<name>.passRate`;
  return `expected a metric such as ${others}; got "${name}"${near === undefined ? '' : ` (did you mean "${near}"?)`}`;
}

function named<Name extends string>(names: readonly Name[], name: string, make: (name: Name) => MetricName): MetricName | null {
  const found = names.find((candidate) => candidate === name);
  return found === undefined ? null : make(found);
}
