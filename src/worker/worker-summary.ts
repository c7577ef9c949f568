// What a worker did from its start to its end.

import type { DeliveryReport } from './delivery-report.js';

export interface WorkerSummary {
  /** Jobs that ended here, whatever their outcome. */
  readonly processed: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly deadLettered: number;
  readonly cancelled: number;
  /** Attempts that failed and were scheduled again. */
  readonly retried: number;
  /** Attempts given back without counting: asked for later, no handler, shut down. */
  readonly givenBack: number;
  readonly elapsedMs: number;
  readonly jobsPerSecond: number;
  /** With `--drain`: jobs that are due later and were not waited for. */
  readonly delayed: number;
  /** With `--drain`: queues whose work was left because they are paused. */
  readonly paused: readonly string[];
}

export class OutcomeCounts {
  succeeded = 0;
  failed = 0;
  deadLettered = 0;
  cancelled = 0;
  retried = 0;
  givenBack = 0;

  get processed(): number {
    return this.succeeded + this.failed + this.deadLettered + this.cancelled;
  }

  count({ outcome }: DeliveryReport): void {
    if (outcome === 'succeeded') this.succeeded += 1;
    else if (outcome === 'failed') this.failed += 1;
    else if (outcome === 'dead-lettered') this.deadLettered += 1;
    else if (outcome === 'cancelled') this.cancelled += 1;
    else if (outcome === 'retried') this.retried += 1;
    else if (outcome === 'given-back') this.givenBack += 1;
  }
}
