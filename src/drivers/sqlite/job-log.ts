// JobLog: the newest lines of each job's handler.

import type { Database } from 'better-sqlite3';

import type { JobId } from '../../domain/job.js';
import { type JobLog, type JobLogLine, MAX_LOG_LINE_CHARS, MAX_LOG_LINES, type NewLogLine } from '../../ports/job-log.js';
import { prepared } from '../connection-sqlite/prepared.js';
import { jobNumber } from './job-transaction.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

export class SqliteJobLog implements JobLog {
  readonly #writer: Writer;
  readonly #reader: Reader;

  constructor(writer: Writer, reader: Reader) {
    this.#writer = writer;
    this.#reader = reader;
  }

  async append(jobId: JobId, lines: readonly NewLogLine[]): Promise<void> {
    if (lines.length > 0) await this.#writer.write((db) => appendLines(db, jobId, lines));
  }

  read({ jobId, afterLine, limit }: { jobId: JobId; afterLine?: number; limit: number }): Promise<readonly JobLogLine[]> {
    return this.#reader.read((db) => prepared<JobLogLine>(db, SELECT_LINES).all(jobId, afterLine ?? 0, limit));
  }
}

/** Lines of a job that is gone are dropped. */
function appendLines(db: Database, jobId: JobId, lines: readonly NewLogLine[]): void {
  const job = jobNumber(db, jobId);
  if (job === undefined) return;
  const last = prepared<{ line: number | null }>(db, 'SELECT max(line) AS line FROM job_log WHERE job = ?').get(job)?.line ?? 0;
  const newest = last + lines.length;
  const skipped = Math.max(0, lines.length - MAX_LOG_LINES);
  lines.slice(skipped).forEach(({ at, attempt, level, text }, index) => {
    prepared(db, INSERT_LINE).run(job, last + skipped + index + 1, at, attempt, level, cut(text));
  });
  if (newest > MAX_LOG_LINES) prepared(db, 'DELETE FROM job_log WHERE job = ? AND line <= ?').run(job, newest - MAX_LOG_LINES);
}

const INSERT_LINE = 'INSERT INTO job_log (job, line, at, attempt, level, text) VALUES (?, ?, ?, ?, ?, ?)';

const SELECT_LINES = `
  SELECT line, at, attempt, level, text FROM job_log
  WHERE job = (SELECT job FROM jobs WHERE id = ?) AND line > ? ORDER BY line LIMIT ?`;

/** Never between the halves of a surrogate pair. */
function cut(text: string): string {
  if (text.length <= MAX_LOG_LINE_CHARS) return text;
  const last = text.charCodeAt(MAX_LOG_LINE_CHARS - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? MAX_LOG_LINE_CHARS - 1 : MAX_LOG_LINE_CHARS);
}
