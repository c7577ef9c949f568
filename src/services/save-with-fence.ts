// The fence: how a worker saves a running attempt. Others may change the job meanwhile (progress, labels, a cancel
// request); another attempt or an outcome means that this worker has lost the job.

import { hasCode } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import type { Change } from '../domain/lifecycle.js';
import type { JobStore } from '../ports/job-store.js';
import type { Delivery } from '../ports/message-queue.js';

export interface FencedSave {
  readonly change: Change;
  /** As JobStore.save takes it. */
  readonly settles?: Delivery | undefined;
}

/**
 * Saves `apply(job)`. On JOB_CONFLICT the job is read again: while it is still Running under the epoch of `attempt`,
 * the change is applied to what is stored now, so `apply` may be called several times. Returns undefined, and has
 * stored nothing, when the job is lost. Dying inside repeats nothing: the save is stored whole or not at all.
 */
export async function saveWithFence(
  store: Pick<JobStore, 'get' | 'save'>,
  attempt: Job,
  apply: (job: Job) => FencedSave,
): Promise<Job | undefined> {
  let current = attempt;
  for (;;) {
    try {
      const { change, settles } = apply(current);
      return await store.save(change, settles);
    } catch (error) {
      if (!hasCode(error, 'JOB_CONFLICT')) throw error;
    }
    const stored = await store.get(attempt.jobId);
    if (stored === undefined || !ownsAttempt(stored, attempt)) return undefined;
    current = stored;
  }
}

/** True while `stored` is still the run that began with `attempt`. */
export function ownsAttempt(stored: Job, attempt: Job): boolean {
  return stored.status === 'Running' && stored.runEpoch === attempt.runEpoch;
}
