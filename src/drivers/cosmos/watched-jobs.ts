// CosmosWatchedJobs: the WatchedJobs port on the due time that each save writes into the job's document.

import type { Job } from '../../domain/job.js';
import type { WatchedJobs } from '../../ports/watched-jobs.js';
import { atOnce } from './at-once.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { JOB_ID, type JobDocument, jobOf } from './job-document.js';

const AT_ONCE = 16;

export class CosmosWatchedJobs implements WatchedJobs {
  readonly #calls: CosmosCalls;

  constructor(calls: CosmosCalls) {
    this.#calls = calls;
  }

  async take({ before, lookAgainAt, limit }: { before: number; lookAgainAt: number; limit: number }): Promise<readonly Job[]> {
    const overdue = await this.#calls.query<JobDocument & { readonly lookAt: number }>(
      { query: "SELECT * FROM c WHERE c.kind = 'job' AND c.lookAt < @before ORDER BY c.lookAt", parameters: [{ name: '@before', value: before }] },
      { limit },
    );
    const taken = await atOnce(overdue, AT_ONCE, async (document) => {
      const written = await this.#calls.patch(document.pk, JOB_ID, [{ op: 'set', path: '/lookAt', value: lookAgainAt }], `c.lookAt = ${document.lookAt} and c.state.version = ${document.state.version}`);
      return written.kind === 'done' ? jobOf(document) : undefined;
    });
    return taken.filter((job) => job !== undefined);
  }
}
