// What an earlier mode of this file left in the outbox, now that the store has its queue in the file: put on that queue.

import type { Database } from 'better-sqlite3';

import { prepared } from '../connection-sqlite/prepared.js';
import type { JobTransaction } from './job-transaction.js';
import { readJob } from './job-transaction.js';
import { LONGEST_HOLD_MS, moveEntry } from './outbox.js';
import { forgetElsewhere } from './outbox-rows.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** One transaction's worth. */
const AT_ONCE = 200;
const REASON = 'the queue is the one of this file again';

interface LeftRow {
  readonly job: number;
  readonly jobId: string | null;
  readonly sequence: number;
}

/**
 * Answers how many entries it dealt with; 0: none is left that nobody holds. An entry that a process of the other mode is
 * sending at this moment is its own until its lease ends. Dying in here leaves each job with its entry or its message.
 */
export async function adoptOutbox({ reader, writer, transaction }: { reader: Reader; writer: Writer; transaction: JobTransaction }): Promise<number> {
  const isEmpty = await reader.read((db) => prepared(db, 'SELECT 1 FROM outbox LIMIT 1').get() === undefined);
  if (isEmpty) return 0;
  return writer.write((db) => {
    const now = transaction.clock.now();
    const rows = prepared<LeftRow>(db, LEFT).all(now, now + LONGEST_HOLD_MS, AT_ONCE);
    for (const row of rows) adopt(db, transaction, row);
    return rows.length;
  });
}

function adopt(db: Database, transaction: JobTransaction, { job, jobId, sequence }: LeftRow): void {
  forgetElsewhere(db, transaction.tallies, job);
  moveEntry(transaction, jobId === null ? undefined : readJob(db, jobId), sequence, REASON);
}

/** A pause before the next try means nothing here. */
const LEFT = `
  SELECT outbox.job, jobs.id AS jobId, outbox.sequence FROM outbox LEFT JOIN jobs ON jobs.job = outbox.job
  WHERE outbox.holder = '' OR outbox.free_at <= ? OR outbox.free_at > ? ORDER BY outbox.seq LIMIT ?`;
