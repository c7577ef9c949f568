// CosmosJobsElsewhere: every job that is not over has its message on another system, since this store has no queue.

import type { Job } from '../../domain/job.js';
import type { Clock } from '../../ports/clock.js';
import type { JobsElsewhere } from '../../ports/jobs-elsewhere.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { listJobs } from './job-list.js';

export class CosmosJobsElsewhere implements JobsElsewhere {
  readonly #calls: CosmosCalls;
  readonly #clock: Clock;

  constructor(calls: CosmosCalls, clock: Clock) {
    this.#calls = calls;
    this.#clock = clock;
  }

  /** Newest first. Parents that wait for their children have no message. */
  async list({ limit, cursor }: { limit: number; cursor?: string }): Promise<{ jobs: readonly Job[]; nextCursor: string | null }> {
    const query = { filter: { statuses: ['Queued', 'Running'] as const }, limit, ...(cursor === undefined ? {} : { cursor }) };
    const { jobs, nextCursor } = await listJobs(this.#calls, query, this.#clock.now());
    return { jobs: jobs.filter(({ awaitsChildren }) => !awaitsChildren), nextCursor };
  }
}
