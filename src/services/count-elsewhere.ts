// How many jobs that are not over have their messages on, or for, a queue that is not the store's own.

import type { JobsElsewhere } from '../ports/jobs-elsewhere.js';

const PAGE = 1000;

/** Of these queues; of all when none is named. Costs one read where there are none. */
export async function countElsewhere(elsewhere: JobsElsewhere, queues: readonly string[] = []): Promise<number> {
  let count = 0;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<JobsElsewhere['list']>> = await elsewhere.list({ limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    count += page.jobs.filter(({ queue }) => queues.length === 0 || queues.includes(queue)).length;
    cursor = page.nextCursor;
  } while (cursor !== null);
  return count;
}
