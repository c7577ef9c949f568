// What became of one delivery: counted by the worker and its metrics.

import type { JobError, JobId } from '../domain/job.js';
import type { AttemptOutcome } from './conclude.js';

export type DeliveryOutcome =
  | AttemptOutcome
  /** Another attempt owns the job, or it has ended; nothing was stored. */
  | 'lost'
  /** The worker stopped at once; the lock is left to expire. */
  | 'stopped'
  /** Nothing to run: a duplicate, or what a crash left over. */
  | 'skipped'
  /** Let go unchanged. */
  | 'released'
  /** A message that is no job's. */
  | 'message-dead-lettered'
  | 'store-mismatch';

export interface DeliveryReport {
  readonly outcome: DeliveryOutcome;
  readonly jobType?: string;
  readonly jobId?: JobId;
  /** What the job ended, or is tried again, with. */
  readonly error?: JobError | null;
  /** Of the handler; undefined when none ran. */
  readonly durationMs?: number;
  /** With `store-mismatch`. */
  readonly otherStoreId?: string;
}
