// JobCounters: how many jobs are in each status, and how many changed status in each minute. Kept with the
// transitions, so that stats cost the same with a thousand jobs and with a million.

import type { JobStatus } from '../domain/job.js';

export interface JobCounters {
  totals(): Promise<readonly StatusTotal[]>;
  /** Transitions into each status per minute, from the minute that `from` is in, before `to`; `Queued` counts jobs accepted. */
  perMinute(params: { from: number; to: number }): Promise<readonly MinuteCount[]>;
}

export interface StatusTotal {
  readonly queue: string;
  readonly type: string;
  readonly status: JobStatus;
  readonly count: number;
}

export interface MinuteCount extends StatusTotal {
  /** Start of the minute. */
  readonly minute: number;
}
