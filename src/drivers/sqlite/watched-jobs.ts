// SqliteWatchedJobs: the WatchedJobs port over a table of due times that the store's saves keep (outbox-rows.ts).

import type { Job } from '../../domain/job.js';
import type { WatchedJobs } from '../../ports/watched-jobs.js';
import { prepared } from '../connection-sqlite/prepared.js';
import { readJob } from './job-transaction.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

export class SqliteWatchedJobs implements WatchedJobs {
  readonly #parts: { readonly writer: Writer; readonly reader: Reader };

  constructor(parts: { readonly writer: Writer; readonly reader: Reader }) {
    this.#parts = parts;
  }

  /** The table is a hint: what it says of a job is compared with the job, and a row that is out of date is dropped. */
  async take({ before, lookAgainAt, limit }: { before: number; lookAgainAt: number; limit: number }): Promise<readonly Job[]> {
    const none = await this.#parts.reader.read((db) => prepared(db, 'SELECT 1 FROM watched_jobs WHERE look_at < ? LIMIT 1').get(before) === undefined);
    if (none) return [];
    return this.#parts.writer.write((db) =>
      prepared<{ job: number; id: string | null }>(db, OVERDUE)
        .all(before, limit)
        .flatMap(({ job: number, id }) => {
          const job = id === null ? undefined : readJob(db, id);
          if (job === undefined || !isWatched(job)) prepared(db, 'DELETE FROM watched_jobs WHERE job = ?').run(number);
          else prepared(db, 'UPDATE watched_jobs SET look_at = ? WHERE job = ?').run(lookAgainAt, number);
          return job !== undefined && isWatched(job) ? [job] : [];
        }),
    );
  }
}

/** Its message is on another queue, or on its way there. */
export function isWatched({ status, queueMode, awaitsChildren }: Job): boolean {
  return (status === 'Queued' || status === 'Running') && queueMode !== 'local' && !awaitsChildren;
}

const OVERDUE = `
  SELECT watched_jobs.job, jobs.id FROM watched_jobs LEFT JOIN jobs ON jobs.job = watched_jobs.job
  WHERE watched_jobs.look_at < ? ORDER BY watched_jobs.look_at LIMIT ?`;
