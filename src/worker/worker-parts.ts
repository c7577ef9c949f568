// What the deliveries of one worker share.

import type { RetryPolicy } from '../domain/retry-policy.js';
import type { OutboxFallback } from '../services/relay-outbox.js';
import type { Backend } from '../ports/backend.js';
import type { JobTypes } from '../services/job-types.js';
import type { AloneGate } from './alone-gate.js';
import type { Attempt } from './attempt.js';
import type { Deadlines } from './deadlines.js';
import type { HandlerRegistry } from './handler-registry.js';
import type { ParentChecks } from './parent-checks.js';
import type { PlacedSet } from './placed-set.js';
import type { WorkerLog } from './worker-log.js';

export interface WorkerParts {
  readonly backend: Backend;
  readonly jobTypes: JobTypes;
  readonly handlers: HandlerRegistry;
  readonly log: WorkerLog;
  readonly deadlines: Deadlines;
  readonly gate: AloneGate;
  readonly parents: ParentChecks;
  /** Running now. */
  readonly attempts: PlacedSet<Attempt>;
  /** Fires when the worker stops without waiting for anybody. */
  readonly stopSignal: AbortSignal;
  readonly workerId: string;
  readonly retryPolicy: RetryPolicy;
  /** How long a handler may go on after its signal fired. */
  readonly graceMs: number;
  readonly fallback: OutboxFallback;
}
