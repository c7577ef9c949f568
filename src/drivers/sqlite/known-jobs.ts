// Jobs that this process has just read or saved and is likely to save next, so that their rows need not be read for it.

import { hasEnded, type JobId } from '../../domain/job.js';
import type { StoredJob } from './job-transaction.js';

/** More than a worker runs at once, and few enough to be kept with their payloads. */
const MOST = 128;

/** What is remembered may be old by now: whoever saves by it checks the version in the same statement. */
export class KnownJobs {
  readonly #known = new Map<JobId, StoredJob>();

  remember(stored: StoredJob | undefined): void {
    if (stored === undefined || hasEnded(stored.job.status)) return;
    const { jobId } = stored.job;
    this.#known.delete(jobId);
    this.#known.set(jobId, stored);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST && oldest !== undefined) this.#known.delete(oldest);
  }

  take(jobId: JobId): StoredJob | undefined {
    const known = this.#known.get(jobId);
    this.#known.delete(jobId);
    return known;
  }
}
