// What a worker counts, and the Prometheus text of it (https://prometheus.io/docs/instrumenting/exposition_formats/).

import type { DeliveryReport } from './delivery-report.js';

/** Upper bounds in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600] as const;
/** Types come with messages: without a bound a producer could fill the memory. */
const MAX_TYPES = 200;

interface Histogram {
  readonly buckets: number[];
  sum: number;
  count: number;
}

interface TypeCounts {
  readonly outcomes: Map<string, number>;
  readonly duration: Histogram;
}

export interface Gauges {
  readonly running: number;
  readonly slots: number;
  readonly draining: boolean;
}

export class WorkerMetrics {
  readonly #types = new Map<string, TypeCounts>();
  received = 0;
  locksLost = 0;
  retries = 0;
  errors = 0;

  count({ jobType, outcome, durationMs }: DeliveryReport): void {
    const counts = this.#countsOf(jobType ?? 'unknown');
    counts.outcomes.set(outcome, (counts.outcomes.get(outcome) ?? 0) + 1);
    if (outcome === 'lost') this.locksLost += 1;
    if (outcome === 'retried') this.retries += 1;
    if (durationMs !== undefined) observe(counts.duration, durationMs / 1000);
  }

  text({ running, slots, draining }: Gauges): string {
    const types = [...this.#types];
    return [
      ...family('messages_processed_total', 'counter', 'Deliveries by job type and what became of them.', outcomeLines(types)),
      ...family('processing_duration_seconds', 'histogram', 'How long handlers ran, by job type.', types.flatMap(durationLines)),
      ...family('messages_received_total', 'counter', 'Messages taken off the queues.', [`messages_received_total ${this.received}`]),
      ...family('jobs_running', 'gauge', 'Handlers running now.', [`jobs_running ${running}`]),
      ...family('worker_slots', 'gauge', 'How many jobs may run at once.', [`worker_slots ${slots}`]),
      ...family('worker_draining', 'gauge', '1 while the worker takes no more messages.', [`worker_draining ${draining ? 1 : 0}`]),
      ...family('lock_lost_total', 'counter', 'Attempts that lost their job.', [`lock_lost_total ${this.locksLost}`]),
      ...family('retries_total', 'counter', 'Attempts that failed and were scheduled again.', [`retries_total ${this.retries}`]),
      ...family('delivery_errors_total', 'counter', 'Deliveries left because store or queue failed.', [`delivery_errors_total ${this.errors}`]),
      '',
    ].join('\n');
  }

  #countsOf(type: string): TypeCounts {
    const known = this.#types.get(type);
    if (known !== undefined) return known;
    const name = this.#types.size < MAX_TYPES ? type : 'other';
    const counts = this.#types.get(name) ?? { outcomes: new Map<string, number>(), duration: { buckets: BUCKETS.map(() => 0), sum: 0, count: 0 } };
    this.#types.set(name, counts);
    return counts;
  }
}

function observe(histogram: Histogram, seconds: number): void {
  histogram.sum += seconds;
  histogram.count += 1;
  const index = BUCKETS.findIndex((bound) => seconds <= bound);
  if (index >= 0) histogram.buckets[index] = (histogram.buckets[index] ?? 0) + 1;
}

function family(name: string, kind: 'counter' | 'gauge' | 'histogram', meaning: string, lines: readonly string[]): readonly string[] {
  return [`# HELP ${name} ${meaning}`, `# TYPE ${name} ${kind}`, ...lines];
}

function outcomeLines(types: readonly [string, TypeCounts][]): string[] {
  return types.flatMap(([type, { outcomes }]) =>
    [...outcomes].map(([outcome, count]) => `messages_processed_total{type="${escaped(type)}",outcome="${outcome}"} ${count}`),
  );
}

/** Buckets are cumulative in this format. */
function durationLines([type, { duration }]: [string, TypeCounts]): string[] {
  if (duration.count === 0) return [];
  const label = `type="${escaped(type)}"`;
  let below = 0;
  const buckets = BUCKETS.map((bound, index) => {
    below += duration.buckets[index] ?? 0;
    return `processing_duration_seconds_bucket{${label},le="${bound}"} ${below}`;
  });
  return [
    ...buckets,
    `processing_duration_seconds_bucket{${label},le="+Inf"} ${duration.count}`,
    `processing_duration_seconds_sum{${label}} ${duration.sum}`,
    `processing_duration_seconds_count{${label}} ${duration.count}`,
  ];
}

function escaped(label: string): string {
  return label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
