// One line of a job's history: what `tail`, `status` and `why` print.

import type { JobId, JobStatus } from './job.js';
import type { JsonObject } from './json.js';

export const JOB_EVENT_TYPES = [
  'submitted',
  'started',
  'retry-scheduled',
  'given-back',
  'succeeded',
  'failed',
  'dead-lettered',
  'cancel-requested',
  'cancelled',
  'retried',
  'replayed',
  'awaits-children',
  'children-ended',
  'moved-to-local',
  'recovered',
  'labelled',
] as const;
export type JobEventType = (typeof JOB_EVENT_TYPES)[number];

/** An event as a transition makes it; the store adds the cursor. */
export interface NewJobEvent {
  readonly jobId: JobId;
  readonly at: number;
  readonly type: JobEventType;
  /** The job's status after the event. */
  readonly status: JobStatus;
  readonly jobType: string;
  readonly queue: string;
  readonly attempt: number;
  readonly worker: string | null;
  /** Facts of this kind of event: error, delay, hashes, who asked. */
  readonly detail: JsonObject;
}

export interface JobEvent extends NewJobEvent {
  /** Grows with every event of the store; opaque to callers except for `after`. */
  readonly cursor: string;
}
