// Cancels jobs: a waiting one at once, a running one by asking its worker. A parent takes its children along.

import { AppError } from '../domain/errors.js';
import type { Job, JobId } from '../domain/job.js';
import { cancel, requestCancel, type Change } from '../domain/lifecycle.js';
import type { Backend } from '../ports/backend.js';
import type { JobPage } from '../ports/job-store.js';
import { changeJobs, saveChange, type JobChangeResult } from './change-jobs.js';
import { resumeParent } from './fan-in.js';

export interface CancelJobs {
  readonly jobIds: readonly JobId[];
  /** Who asked; kept in the job's history. */
  readonly by: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

export type CancelDeps = Pick<Backend, 'store' | 'clock'>;

/** A job that is cancelled already counts as done; one that ended otherwise is an error of its own (JOB_STATE). */
export async function cancelJobs(deps: CancelDeps, { jobIds, by, signal, onProgress }: CancelJobs): Promise<JobChangeResult[]> {
  return changeJobs({
    jobIds,
    change: (jobId) => cancelJob(deps, jobId, by),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}

/**
 * The job after the change: `Cancelled`, or still `Running` with `cancelRequestedAt`. The children follow the parent, and a
 * parent that waits for this job goes on: if the process dies in between, cancelling again reaches what is left, and
 * workers look for parents that nobody woke.
 */
export async function cancelJob(deps: CancelDeps, jobId: JobId, by: string): Promise<Job> {
  const job = await saveChange(deps, jobId, (current) => cancelChange(current, deps.clock.now(), by));
  if (job.children !== null || job.status !== 'Cancelled') await cancelChildren(deps, jobId, by);
  if (job.status === 'Cancelled' && job.parentJobId !== null) await resumeParent(deps, job.parentJobId);
  return job;
}

function cancelChange(job: Job, at: number, by: string): Change | undefined {
  if (job.status === 'Queued') return cancel(job, at, by);
  if (job.status === 'Running') return job.cancelRequestedAt === null ? requestCancel(job, at, by) : undefined;
  if (job.status === 'Cancelled') return undefined;
  throw new AppError('JOB_STATE', `job ${job.jobId} has already ended: ${job.status}`, { details: { status: job.status } });
}

const CHILDREN_PAGE = 500;

async function cancelChildren(deps: CancelDeps, parentJobId: JobId, by: string): Promise<void> {
  let cursor: string | null = null;
  do {
    const page: JobPage = await deps.store.list({
      filter: { parentJobId, statuses: ['Queued', 'Running'] },
      limit: CHILDREN_PAGE,
      ...(cursor === null ? {} : { cursor }),
    });
    await Promise.all(page.jobs.map((child) => cancelChild(deps, child, by)));
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** A child that ended on its own in the meantime is as good as cancelled. */
async function cancelChild(deps: CancelDeps, child: Job, by: string): Promise<void> {
  try {
    await cancelJob(deps, child.jobId, by);
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== 'JOB_STATE' && error.code !== 'JOB_NOT_FOUND')) throw error;
  }
}
