// Checkpoints: written only by the attempt that owns the job, checked in the same transaction.

import type { Database } from 'better-sqlite3';

import { AppError } from '../../domain/errors.js';
import type { Json } from '../../domain/json.js';
import type { JobId } from '../../domain/job.js';
import type { CheckpointEntry, Checkpoints } from '../../ports/checkpoints.js';
import type { AttemptRef } from '../../ports/job-store.js';
import { prepared } from '../connection-sqlite/prepared.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

interface CheckpointRow {
  readonly key: string;
  readonly value: string;
}

export class SqliteCheckpoints implements Checkpoints {
  readonly #writer: Writer;
  readonly #reader: Reader;

  constructor(writer: Writer, reader: Reader) {
    this.#writer = writer;
    this.#reader = reader;
  }

  async put(attempt: AttemptRef, entries: readonly CheckpointEntry[]): Promise<void> {
    const rows = entries.map(({ key, value }) => ({ key, value: JSON.stringify(value) }));
    await this.#writer.write((db) => putEntries(db, attempt, rows));
  }

  get(jobId: JobId, key: string): Promise<Json | undefined> {
    return this.#reader.read((db) => {
      const row = prepared<CheckpointRow>(db, SELECT_ONE).get(jobId, key);
      return row === undefined ? undefined : (JSON.parse(row.value) as Json);
    });
  }

  list(params: { jobId: JobId; prefix: string; afterKey?: string; limit: number }): Promise<readonly CheckpointEntry[]> {
    const { jobId, prefix, afterKey, limit } = params;
    return this.#reader.read((db) =>
      prepared<CheckpointRow>(db, SELECT_PREFIX)
        .all(jobId, prefix, prefix + LAST_CHARACTER, afterKey ?? '', limit)
        .map(({ key, value }) => ({ key, value: JSON.parse(value) as Json })),
    );
  }
}

function putEntries(db: Database, { jobId, runEpoch }: AttemptRef, rows: readonly CheckpointRow[]): void {
  const owned = prepared<{ job: number }>(db, SELECT_OWNED).get(jobId, runEpoch);
  if (owned === undefined) {
    throw new AppError('JOB_LOST', `attempt ${runEpoch} of job ${jobId} is over: its checkpoints are not stored`, { details: { jobId, runEpoch } });
  }
  for (const { key, value } of rows) prepared(db, UPSERT).run(owned.job, key, value);
}

const SELECT_OWNED = "SELECT job FROM jobs WHERE id = ? AND run_epoch = ? AND status = 'Running'";

const UPSERT = 'INSERT INTO checkpoints (job, key, value) VALUES (?, ?, ?) ON CONFLICT (job, key) DO UPDATE SET value = excluded.value';

const SELECT_ONE = 'SELECT key, value FROM checkpoints WHERE job = (SELECT job FROM jobs WHERE id = ?) AND key = ?';

/** Keys are ordered by code points, as SQLite compares UTF-8. */
const LAST_CHARACTER = '\u{10ffff}';

const SELECT_PREFIX = `
  SELECT key, value FROM checkpoints
  WHERE job = (SELECT job FROM jobs WHERE id = ?) AND key >= ? AND key < ? AND key > ? ORDER BY key LIMIT ?`;
