// What a worker is started with.

import type { RetryPolicy } from '../domain/retry-policy.js';
import type { Backend } from '../ports/backend.js';
import type { JobTypes } from '../services/job-types.js';
import type { OutboxFallback } from '../services/relay-outbox.js';
import type { HandlerRegistry } from './handler-registry.js';
import type { WorkerLog } from './worker-log.js';

export interface WorkerInput {
  readonly backend: Backend;
  readonly jobTypes: JobTypes;
  readonly handlers: HandlerRegistry;
  readonly log: WorkerLog;
  readonly settings: WorkerSettings;
}

export interface WorkerSettings {
  readonly workerId: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  /** At least one. */
  readonly queues: readonly string[];
  readonly concurrency: number;
  readonly retryPolicy: RetryPolicy;
  /** How long running handlers may go on after drain(). */
  readonly drainTimeoutMs: number;
  /** How long a handler may go on after its signal fired. */
  readonly graceMs: number;
  /** `--drain`: end when no work is left. */
  readonly endWhenDone: boolean;
  readonly maxJobs: number | undefined;
  readonly lockMs: number | undefined;
  /** A log line for each job that ends, not only for those that somebody may have to look at. */
  readonly logEachJob: boolean;
  /** What becomes of messages that another queue does not accept; see services/relay-outbox.ts. */
  readonly fallback: OutboxFallback;
}

export const DEFAULT_DRAIN_TIMEOUT_MS = 25_000;
/** Together with the drain time-out below the 30 s that container platforms wait before they kill. */
export const DEFAULT_GRACE_MS = 3000;
