// Conditions on the numbers of `stats`, for monitoring: `dlq<=5,age<10m,depth<1000`.

import { readDuration } from '../domain/duration.js';
import { AppError } from '../domain/errors.js';
import { nearest } from '../domain/nearest.js';
import type { QueueStats } from './queue-stats.js';

/** What a condition can name: sums over the queues, `age` the longest of them. */
export const CHECK_METRICS = ['depth', 'active', 'scheduled', 'locked', 'dlq', 'age', 'workers', 'in', 'out', 'failed'] as const;
export type CheckMetric = (typeof CHECK_METRICS)[number];
const OPERATORS = ['<=', '>=', '!=', '<', '>', '='] as const;
type Operator = (typeof OPERATORS)[number];

export interface StatsCondition {
  readonly metric: CheckMetric;
  readonly operator: Operator;
  /** Milliseconds for `age`. */
  readonly limit: number;
  /** As written. */
  readonly text: string;
}

export interface CheckedCondition {
  readonly check: string;
  readonly value: number;
  readonly holds: boolean;
}

/** Throws INPUT_INVALID naming the condition that cannot be read. */
export function parseStatsConditions(text: string): readonly StatsCondition[] {
  return text.split(',').map((part) => parseCondition(part.trim()));
}

export function checkStats(stats: QueueStats, conditions: readonly StatsCondition[]): readonly CheckedCondition[] {
  return conditions.map((condition) => {
    const value = metricOf(stats, condition.metric);
    return { check: condition.text, value, holds: compare(value, condition.operator, condition.limit) };
  });
}

function parseCondition(text: string): StatsCondition {
  const match = /^([a-z]+)\s*(<=|>=|!=|<|>|=)\s*(\S+)$/i.exec(text);
  const metric = CHECK_METRICS.find((name) => name === match?.[1]?.toLowerCase());
  const limit = match?.[3] === undefined || metric === undefined ? undefined : readLimit(metric, match[3]);
  const operator = OPERATORS.find((candidate) => candidate === match?.[2]);
  if (metric !== undefined && operator !== undefined && limit !== undefined) return { metric, operator, limit, text };
  const expected = metric === 'age' ? 'a duration such as 10m after the sign' : 'a condition such as dlq<=5 or age<10m';
  const near = match?.[1] === undefined || metric !== undefined ? undefined : nearest(match[1], CHECK_METRICS);
  throw new AppError('INPUT_INVALID', `check: expected ${expected}, got ${JSON.stringify(text.slice(0, 40))}`, {
    hint: near === undefined ? `metrics are ${CHECK_METRICS.join(', ')}` : `did you mean \`${near}\`?`,
  });
}

function readLimit(metric: CheckMetric, text: string): number | undefined {
  if (metric === 'age') return readDuration(text);
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

function metricOf(stats: QueueStats, metric: CheckMetric): number {
  switch (metric) {
    case 'depth':
      return total(stats, (queue) => queue.active + queue.scheduled + queue.locked);
    case 'active':
      return total(stats, (queue) => queue.active);
    case 'scheduled':
      return total(stats, (queue) => queue.scheduled);
    case 'locked':
      return total(stats, (queue) => queue.locked);
    case 'dlq':
      return total(stats, (queue) => queue.deadLetter);
    case 'age':
      return Math.max(0, ...stats.queues.map((queue) => queue.oldestAgeMs ?? 0));
    case 'in':
      return total(stats, (queue) => queue.inPerMinute);
    case 'out':
      return total(stats, (queue) => queue.outPerMinute);
    case 'workers':
      return stats.workers;
    case 'failed':
      return stats.jobs.Failed + stats.jobs.DeadLettered;
  }
}

function total(stats: QueueStats, of: (queue: QueueStats['queues'][number]) => number): number {
  return stats.queues.reduce((sum, queue) => sum + of(queue), 0);
}

function compare(value: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '=':
      return value === limit;
    case '!=':
      return value !== limit;
  }
}
