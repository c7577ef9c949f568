// Queues jobs again that ended without success, with all their attempts.

import { AppError } from '../domain/errors.js';
import type { Job, JobId, JobStatus } from '../domain/job.js';
import { retry } from '../domain/lifecycle.js';
import type { Backend } from '../ports/backend.js';
import { changeJobs, saveChange, type JobChangeResult } from './change-jobs.js';
import { queueSettings, type QueueSettingsDeps } from './queue-settings.js';

/** What `retry` takes; a Succeeded job has its outcome, a Queued or Running one is on its way. */
export const RETRYABLE_STATUSES: readonly JobStatus[] = ['Failed', 'DeadLettered', 'Cancelled'];

export interface RetryJobs {
  readonly jobIds: readonly JobId[];
  /** Who asked; kept in the job's history. */
  readonly by: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

export type RetryDeps = Pick<Backend, 'store' | 'clock'> & QueueSettingsDeps;

/**
 * Job and new message are saved in one step each. The dead letter of a DeadLettered job stays where it is, superseded:
 * a later replay or delivery of it changes nothing.
 */
export async function retryJobs(deps: RetryDeps, { jobIds, by, signal, onProgress }: RetryJobs): Promise<JobChangeResult[]> {
  const ttl = new Map<string, number>();
  const ttlOf = async (queue: string): Promise<number> => {
    const known = ttl.get(queue) ?? (await queueSettings(deps, queue)).ttlMs;
    ttl.set(queue, known);
    return known;
  };
  return changeJobs({
    jobIds,
    change: (jobId) => retryJob(deps, jobId, by, ttlOf),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}

async function retryJob(deps: RetryDeps, jobId: JobId, by: string, ttlOf: (queue: string) => Promise<number>): Promise<Job> {
  const stored = await deps.store.get(jobId);
  if (stored === undefined) throw new AppError('JOB_NOT_FOUND', `no job with the id ${jobId}`);
  const ttlMs = await ttlOf(stored.queue);
  return saveChange(deps, jobId, (job) => {
    if (!RETRYABLE_STATUSES.includes(job.status)) {
      throw new AppError('JOB_STATE', `job ${jobId} is ${job.status}: only ${RETRYABLE_STATUSES.join(', ')} jobs can be retried`, {
        details: { status: job.status },
      });
    }
    return retry(job, deps.clock.now(), { ttlMs, by });
  });
}
