// SqliteJobsElsewhere: the JobsElsewhere port over the table of watched jobs, which has a row for each of them.

import type { Job } from '../../domain/job.js';
import type { JobsElsewhere } from '../../ports/jobs-elsewhere.js';
import { prepared } from '../connection-sqlite/prepared.js';
import { readJob } from './job-transaction.js';
import type { Reader } from './reader.js';
import { isWatched } from './watched-jobs.js';

export class SqliteJobsElsewhere implements JobsElsewhere {
  constructor(private readonly reader: Reader) {}

  /** Rows may be out of date, above all in a store that has its own queue again: the job itself decides. */
  list({ limit, cursor }: { limit: number; cursor?: string }): Promise<{ jobs: readonly Job[]; nextCursor: string | null }> {
    return this.reader.read((db) => {
      const rows = prepared<{ job: number; id: string }>(db, PAGE).all(cursor === undefined ? 0 : Number(cursor), limit);
      const last = rows.at(-1);
      return {
        jobs: rows.map(({ id }) => readJob(db, id)).filter((job): job is Job => job !== undefined && isWatched(job)),
        nextCursor: rows.length < limit || last === undefined ? null : String(last.job),
      };
    });
  }
}

const PAGE = `
  SELECT watched_jobs.job, jobs.id FROM watched_jobs JOIN jobs ON jobs.job = watched_jobs.job
  WHERE watched_jobs.job > ? ORDER BY watched_jobs.job LIMIT ?`;
