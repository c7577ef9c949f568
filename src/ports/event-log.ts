// EventLog: the history of all jobs, read after a cursor. Events are written by JobStore with the change they tell of.

import type { JobId } from '../domain/job.js';
import type { JobEvent } from '../domain/job-event.js';

export interface EventLog {
  /** Those of a job in order, those of several as the backend has them; at most `limit`. `cursor` of the answer is where to go on, also when there was nothing. */
  read(params: { after?: string; jobId?: JobId; limit: number }): Promise<{ events: readonly JobEvent[]; cursor: string }>;
  /** The cursor of the newest event: start here to see only what comes. */
  latestCursor(): Promise<string>;
  /** Resolves when something may have been written since the call, after `waitMs`, or when the signal fires. */
  changed(params: { waitMs: number; signal?: AbortSignal }): Promise<void>;
}
