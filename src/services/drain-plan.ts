// What a drain would move, by looking at the store only.

import type { Job } from '../domain/job.js';
import { withoutLocal } from '../domain/local-queue-name.js';
import type { JobsElsewhere } from '../ports/jobs-elsewhere.js';

export interface DrainPlan {
  readonly jobs: number;
  readonly queues: readonly DrainPlanQueue[];
}

export interface DrainPlanQueue {
  readonly queue: string;
  readonly waiting: number;
  /** Due later: delayed jobs and retries. */
  readonly scheduled: number;
  /** Saved and never sent. */
  readonly unsent: number;
  readonly running: number;
}

const PAGE = 1000;

/** Of these queues; of all when none is named. */
export async function planDrain(elsewhere: JobsElsewhere, queues: readonly string[], now: number): Promise<DrainPlan> {
  const chosen = queues.map(withoutLocal);
  const byQueue = new Map<string, Record<Exclude<keyof DrainPlanQueue, 'queue'>, number>>();
  let jobs = 0;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<JobsElsewhere['list']>> = await elsewhere.list({ limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    for (const job of page.jobs) {
      if (chosen.length > 0 && !chosen.includes(job.queue)) continue;
      const counts = byQueue.get(job.queue) ?? { waiting: 0, scheduled: 0, unsent: 0, running: 0 };
      byQueue.set(job.queue, counts);
      counts[placeOf(job, now)] += 1;
      jobs += 1;
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return { jobs, queues: [...byQueue].map(([queue, counts]) => ({ queue, ...counts })) };
}

function placeOf(job: Job, now: number): 'waiting' | 'scheduled' | 'unsent' | 'running' {
  if (job.status === 'Running') return 'running';
  if (job.queueMode === 'pending') return 'unsent';
  return job.nextAttemptAt !== null && job.nextAttemptAt > now ? 'scheduled' : 'waiting';
}
