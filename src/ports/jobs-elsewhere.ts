// JobsElsewhere: jobs that are not over and whose newest message is, or is to be, on a queue that is not the store's own.

import type { Job } from '../domain/job.js';

export interface JobsElsewhere {
  /** Oldest or newest first; a page may be empty with more behind it. Costs nothing where there are none. */
  list(params: { readonly limit: number; readonly cursor?: string }): Promise<{ readonly jobs: readonly Job[]; readonly nextCursor: string | null }>;
}
