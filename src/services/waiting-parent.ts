// How far a parent that waits for its children has come: counted over the set of them, so nobody has to write it down
// each time one ends.

import type { Job } from '../domain/job.js';
import type { Backend } from '../ports/backend.js';

/** The job with its children and its progress as they are now; any other job as it is. For showing, never for saving. */
export async function withChildrenNow(backend: Pick<Backend, 'store'>, job: Job): Promise<Job> {
  if (!job.awaitsChildren) return job;
  const { expected = 0 } = job.children ?? {};
  const { succeeded, failed } = await backend.store.childrenOf(job.jobId);
  return {
    ...job,
    children: { expected, succeeded, failed },
    progress: { completed: succeeded + failed, total: expected, message: 'jobs of the batch ended' },
  };
}
