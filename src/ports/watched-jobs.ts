// WatchedJobs: jobs whose message is on a queue that cannot tell the store what happens to it. The broker may expire a
// message, move it to the dead letters or lose it; the store only knows until when it should have heard something.

import type { Job } from '../domain/job.js';

export interface WatchedJobs {
  /**
   * Takes jobs that are overdue: Running with a lock that ended before `before` as far as the store knows (renewals are
   * not stored), or Queued and expired before it. Longest overdue first. Nobody gets a taken job again before
   * `lookAgainAt`, so several watchers share the work.
   */
  take(params: { readonly before: number; readonly lookAgainAt: number; readonly limit: number }): Promise<readonly Job[]>;
}
