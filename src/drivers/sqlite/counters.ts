// JobCounters: the counters that were changed together with the jobs.

import type { JobStatus } from '../../domain/job.js';
import type { JobCounters, MinuteCount, StatusTotal } from '../../ports/job-counters.js';
import { MINUTE_MS } from './job-transaction.js';
import type { Reader } from './reader.js';
import { readTallies, readTallyRange } from './tally.js';

export class SqliteJobCounters implements JobCounters {
  readonly #reader: Reader;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  totals(): Promise<readonly StatusTotal[]> {
    return this.#reader.read((db) =>
      readTallies(db, 'jobs').map(({ a, b, c, count }) => ({ queue: String(a), type: String(b), status: c as JobStatus, count })),
    );
  }

  perMinute({ from, to }: { from: number; to: number }): Promise<readonly MinuteCount[]> {
    return this.#reader.read((db) =>
      readTallyRange(db, 'transitions', Math.floor(from / MINUTE_MS) * MINUTE_MS, to).map(({ a, b, c, d, count }) => ({
        minute: Number(a),
        queue: String(b),
        type: String(c),
        status: d as JobStatus,
        count,
      })),
    );
  }
}
