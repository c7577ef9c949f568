// Gates: limits that the numbers of a summary are held against.

import { parseMetricName, type LatencyStatistic, type MetricName, type ScoreStatistic } from './metric-names.js';
import type { Gate } from './payload.js';
import { wilson95 } from './statistics/wilson.js';
import type { Distribution, EvaluationSummary, GateResult, GateUse, Interval } from './summary.js';

/** The parts of a summary that gates can see. */
export type GatedNumbers = Pick<EvaluationSummary, 'counts' | 'passRate' | 'score' | 'metrics' | 'byCategory' | 'latency'>;

/** One result for each bound of each gate. A gate whose number does not exist does not hold. */
export function evaluateGates(gates: readonly Gate[], numbers: GatedNumbers): GateResult[] {
  return gates.flatMap((gate) => {
    const reading = read(gate.metric, numbers);
    const bounds = [
      { bound: 'min', limit: gate.min },
      { bound: 'max', limit: gate.max },
    ] as const;
    return bounds.flatMap(({ bound, limit }) => (limit === null ? [] : [hold(gate, bound, limit, reading)]));
  });
}

interface Reading {
  readonly value: number | null;
  readonly ci95: Interval | null;
  /** Why `value` is null. */
  readonly reason: string | null;
}

function hold(gate: Gate, bound: 'min' | 'max', limit: number, reading: Reading): GateResult {
  const value = used(gate.use, reading);
  const reason = value !== null ? null : (reading.reason ?? `there is no 95 % interval for ${gate.metric}`);
  const passed = value !== null && (bound === 'min' ? value >= limit : value <= limit);
  return { metric: gate.metric, bound, limit, use: gate.use, value, ci95: reading.ci95, passed, reason };
}

function used(use: GateUse, { value, ci95 }: Reading): number | null {
  if (use === 'value') return value;
  return use === 'lower95' ? (ci95?.[0] ?? null) : (ci95?.[1] ?? null);
}

function read(metric: string, numbers: GatedNumbers): Reading {
  const name = parseMetricName(metric, Object.keys(numbers.metrics));
  return name === null ? missing(`no run has the metric ${metric}`) : readNamed(name, numbers);
}

function readNamed(name: MetricName, numbers: GatedNumbers): Reading {
  const { counts } = numbers;
  switch (name.of) {
    case 'passRate':
      return found(numbers.passRate.value, numbers.passRate.ci95);
    case 'errorRate':
      return found(counts.runs === 0 ? null : counts.errors / counts.runs, wilson95(counts.errors, counts.runs));
    case 'score':
      return statistic(numbers.score, name.statistic);
    case 'counts':
      return found(counts[name.count], null);
    case 'latency':
      return numbers.latency === null ? missing('no row has latencyMs') : statistic(numbers.latency, scoreStatistic(name.statistic));
    case 'category': {
      const category = Object.hasOwn(numbers.byCategory, name.category) ? numbers.byCategory[name.category] : undefined;
      return category === undefined ? missing(`no run is in category ${JSON.stringify(name.category)}`) : found(category.passRate.value, category.passRate.ci95);
    }
    case 'evaluator': {
      const summary = numbers.metrics[name.id];
      if (summary === undefined) return missing(`no run has the metric ${name.id}`);
      return name.statistic === 'passRate' ? found(summary.passRate, wilson95(summary.passed, summary.n)) : statistic(summary, name.statistic);
    }
  }
}

function statistic(distribution: Distribution, name: ScoreStatistic): Reading {
  if (name === 'mean') return found(distribution.mean, distribution.ci95);
  if (name === 'p95' && distribution.n > 0 && distribution.p95 === null) return missing(`p95 needs 20 values, there are ${distribution.n}`);
  return found(distribution[name], null);
}

function scoreStatistic(name: LatencyStatistic): ScoreStatistic {
  return ({ meanMs: 'mean', p50Ms: 'p50', p90Ms: 'p90', p95Ms: 'p95' } as const)[name];
}

function found(value: number | null, ci95: Interval | null): Reading {
  return { value, ci95, reason: value === null ? 'there is no value' : null };
}

function missing(reason: string): Reading {
  return { value: null, ci95: null, reason };
}
