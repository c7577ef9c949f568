// Does one thing to many jobs, a window of them at a time, and answers for each.

import { AppError, hasCode } from '../domain/errors.js';
import type { Job, JobId, JobStatus } from '../domain/job.js';
import type { Change } from '../domain/lifecycle.js';
import type { Backend } from '../ports/backend.js';

export interface JobChangeResult {
  readonly jobId: JobId;
  /** After the change; null when the job does not exist. */
  readonly status: JobStatus | null;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface ChangeJobs {
  readonly jobIds: readonly JobId[];
  /** The job after its change. Throws an AppError when this job does not allow it. */
  readonly change: (jobId: JobId) => Promise<Job>;
  /** When it fires, jobs that were not begun are left out of the answer. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

/** Enough to fill a store's group commits. */
const WINDOW = 500;

/** Each job is changed or not on its own: if the process dies, those before it stay changed, and a repeat is harmless. */
export async function changeJobs({ jobIds, change, signal, onProgress }: ChangeJobs): Promise<JobChangeResult[]> {
  const results: JobChangeResult[] = [];
  for (let start = 0; start < jobIds.length && signal?.aborted !== true; start += WINDOW) {
    const window = jobIds.slice(start, start + WINDOW);
    results.push(...(await Promise.all(window.map((jobId) => changeOne(jobId, change)))));
    onProgress?.(results.length);
  }
  return results;
}

/**
 * Reads the job, makes the change and saves it; begins again when somebody saved the job in between. `makeChange`
 * answers undefined when there is nothing to do. Throws JOB_NOT_FOUND and what `makeChange` throws.
 */
export async function saveChange(
  backend: Pick<Backend, 'store'>,
  jobId: JobId,
  makeChange: (job: Job) => Change | undefined,
): Promise<Job> {
  for (;;) {
    const job = await backend.store.get(jobId);
    if (job === undefined) throw new AppError('JOB_NOT_FOUND', `no job with the id ${jobId}`);
    const change = makeChange(job);
    if (change === undefined) return job;
    try {
      return await backend.store.save(change);
    } catch (error) {
      if (!hasCode(error, 'JOB_CONFLICT')) throw error;
    }
  }
}

async function changeOne(jobId: JobId, change: ChangeJobs['change']): Promise<JobChangeResult> {
  try {
    return { jobId, status: (await change(jobId)).status };
  } catch (error) {
    if (!(error instanceof AppError) || !JOB_FAULTS.has(error.code)) throw error;
    const status = error.details?.['status'];
    return { jobId, status: (status as JobStatus | undefined) ?? null, error: { code: error.code, message: error.message } };
  }
}

/** What is this job's own matter; a full disk is not. */
const JOB_FAULTS: ReadonlySet<string> = new Set(['JOB_NOT_FOUND', 'JOB_STATE', 'QUEUE_UNKNOWN', 'BLOB_NOT_FOUND']);
