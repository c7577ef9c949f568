// Deletes ended jobs that are older than the retention, and stored files that no job names.

import { JOB_STATUSES, hasEnded, type JobStatus } from '../domain/job.js';
import type { Backend } from '../ports/backend.js';
import type { JobPage, PrunedJob } from '../ports/job-store.js';
import { sweepBlobs } from './prune-blobs.js';
import { SHARED_PREFIXES } from './submit-file.js';

export interface PruneRequest {
  /** Jobs last changed before this instant. */
  readonly before: number;
  /** Of these statuses only; all four ended ones when empty. */
  readonly statuses: readonly JobStatus[];
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

export interface PrunePlan {
  readonly jobs: number;
  readonly byStatus: Readonly<Partial<Record<JobStatus, number>>>;
}

export interface PruneResult {
  readonly prunedJobs: number;
  readonly deletedFiles: number;
}

export type PruneDeps = Pick<Backend, 'store' | 'blobs' | 'clock'>;

const PAGE = 1000;
const ENDED = JOB_STATUSES.filter(hasEnded);

/** What pruneJobs would delete now. */
export async function planPrune(deps: Pick<Backend, 'store'>, request: PruneRequest): Promise<PrunePlan> {
  const byStatus: Partial<Record<JobStatus, number>> = {};
  let jobs = 0;
  let cursor: string | null = null;
  do {
    request.signal.throwIfAborted();
    // A job is never changed before it was created, so this filter leaves none out.
    const page: JobPage = await deps.store.list({
      filter: { statuses: statusesOf(request), createdBefore: request.before },
      limit: PAGE,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const job of page.jobs.filter(({ updatedAt }) => updatedAt < request.before)) {
      byStatus[job.status] = (byStatus[job.status] ?? 0) + 1;
      jobs += 1;
    }
    request.onProgress?.(jobs);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return { jobs, byStatus };
}

/**
 * Deletes page after page; stops early, with what it did so far, when the signal fires. A process that dies here leaves
 * whole jobs, or files without a job, which the next prune deletes.
 */
export async function pruneJobs(deps: PruneDeps, request: PruneRequest): Promise<PruneResult> {
  let prunedJobs = 0;
  let deletedFiles = 0;
  while (!request.signal.aborted) {
    const pruned = await deps.store.prune({ before: request.before, limit: PAGE, statuses: statusesOf(request) });
    prunedJobs += pruned.length;
    // The job is gone first, then its files: the other way round a job could name a file that is not there.
    deletedFiles += await deleteOwnFiles(deps, pruned);
    request.onProgress?.(prunedJobs);
    if (pruned.length < PAGE) break;
  }
  return { prunedJobs, deletedFiles: deletedFiles + (await sweepBlobs(deps, { signal: request.signal })) };
}

/** Files under a name of the job's own. One named by its content may be named by a job that is just being submitted: see sweepBlobs. */
async function deleteOwnFiles(deps: Pick<Backend, 'blobs'>, pruned: readonly PrunedJob[]): Promise<number> {
  const keys = pruned.flatMap(({ blobKeys }) => blobKeys.filter((key) => !SHARED_PREFIXES.some((prefix) => key.startsWith(`${prefix}/`))));
  for (const key of keys) await deps.blobs.delete(key);
  return keys.length;
}

function statusesOf(request: PruneRequest): readonly JobStatus[] {
  return request.statuses.length === 0 ? ENDED : request.statuses;
}
