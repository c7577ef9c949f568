// A page of jobs, newest first.

import type { Backend } from '../ports/backend.js';
import type { JobFilter } from '../ports/job-store.js';
import type { JobTypes } from './job-types.js';
import { viewJob, type JobView } from './job-view.js';
import { knownQueues } from './queue-settings.js';
import { withChildrenNow } from './waiting-parent.js';

export interface ListedJobs {
  readonly jobs: readonly JobView[];
  /** Give it back to go on behind this page; null on the last one. */
  readonly nextCursor: string | null;
}

export interface ListJobsParams {
  readonly filter: JobFilter;
  readonly limit: number;
  readonly cursor?: string;
  readonly maxScanned?: number;
  readonly onScanned?: (scanned: number) => void;
  readonly signal?: AbortSignal;
}

/** Pages never repeat or skip a job that existed when the first one was read. Throws INPUT_INVALID for a cursor that is none. */
export async function listJobs(
  deps: Pick<Backend, 'store'> & { readonly publicBaseUrl: string | null },
  params: ListJobsParams,
): Promise<ListedJobs> {
  const page = await deps.store.list(params);
  const jobs = await Promise.all(page.jobs.map((job) => withChildrenNow(deps, job)));
  return { jobs: jobs.map((job) => viewJob(job, deps.publicBaseUrl)), nextCursor: page.nextCursor };
}

/**
 * The filter with types under their real names and queues that exist. Throws TYPE_UNKNOWN or QUEUE_UNKNOWN: a filter
 * with a typing mistake would find nothing and say so as if it were true.
 */
export async function checkFilter(
  deps: Pick<Backend, 'admin'> & { readonly jobTypes: JobTypes },
  filter: JobFilter,
): Promise<JobFilter> {
  const types = await Promise.all((filter.types ?? []).map(async (name) => (await deps.jobTypes.resolve(name)).type));
  const queues = await knownQueues(deps, filter.queues ?? []);
  return { ...filter, ...(types.length === 0 ? {} : { types }), ...(queues.length === 0 ? {} : { queues }) };
}
