// Stores new jobs, each with its first event and its message, inside the caller's transaction.

import type { Database } from 'better-sqlite3';

import { AppError } from '../../domain/errors.js';
import type { Job } from '../../domain/job.js';
import type { InsertOutcome, NewJobEntry } from '../../ports/job-store.js';
import { prepared } from '../connection-sqlite/prepared.js';
import { detailText } from './event-rows.js';
import {
  delayedUntil,
  encodeInput,
  encodeLabels,
  encodeProgress,
  encodeState,
  MAX_INLINE_INPUT_CHARS,
  priorityNumber,
  storedJob,
} from './job-rows.js';
import { countEntered, enqueueEntry, type JobTransaction, outcomeBlobs, readJob, recordBlobs } from './job-transaction.js';

/** All or none of the entries. QUEUE_UNKNOWN is thrown before the first write. */
export function insertJobs(transaction: JobTransaction, entries: readonly NewJobEntry[]): InsertOutcome[] {
  // Which queues another system has, the store cannot tell.
  if (transaction.outbox !== undefined) return entries.map((entry) => insertJob(transaction, entry));
  for (const queue of new Set(entries.flatMap(({ outbox }) => (outbox === undefined ? [] : [outbox.queue])))) {
    if (transaction.broker.hasQueue(queue)) continue;
    throw new AppError('QUEUE_UNKNOWN', `no queue is named ${queue}`, { hint: 'see the queues with `copiloteval queues list`' });
  }
  return entries.map((entry) => insertJob(transaction, entry));
}

function insertJob(transaction: JobTransaction, entry: NewJobEntry): InsertOutcome {
  const { db, tallies, outbox } = transaction;
  const known = entry.idempotency === undefined ? undefined : submittedBefore(db, entry.job, entry.idempotency);
  if (known !== undefined) return known;
  const isSent = entry.outbox !== undefined && outbox === undefined;
  const job = storedJob(entry.job, entry.job.version + 1, isSent);
  const message = entry.outbox !== undefined && isSent ? enqueueEntry(transaction, entry.outbox) : null;
  const number = insertRow(db, job, message);
  if (number === undefined) {
    // An id that is taken is rare: cheaper to take the message back than to look first each time.
    if (message !== null) transaction.broker.withdraw(message);
    return { kind: 'duplicate', job: readStored(db, job.jobId) };
  }
  const { event } = entry;
  prepared(db, INSERT_EVENT).run(number, event.at, event.type, event.status, event.queue, event.attempt, event.worker, detailText(event));
  if (entry.idempotency !== undefined) {
    const { key, requestHash } = entry.idempotency;
    prepared(db, INSERT_KEY).run(job.userId, job.type, key, requestHash, job.jobId);
  }
  outbox?.saved({ number, before: undefined, job, entry: entry.outbox });
  countEntered(tallies, job, event.at, true);
  return { kind: 'inserted', job };
}

/** The record of the key is as old as its job: both are written in one transaction and deleted in one. */
function submittedBefore(db: Database, job: Job, { key, requestHash }: { key: string; requestHash: string }): InsertOutcome | undefined {
  const record = prepared<{ request_hash: string; job_id: string }>(db, SELECT_KEY).get(job.userId, job.type, key);
  if (record === undefined) return undefined;
  if (record.request_hash !== requestHash) return { kind: 'conflict', jobId: record.job_id };
  return { kind: 'duplicate', job: readStored(db, record.job_id) };
}

const SELECT_KEY = 'SELECT request_hash, job_id FROM idempotency WHERE user_id = ? AND type = ? AND key = ?';
const INSERT_KEY = 'INSERT INTO idempotency (user_id, type, key, request_hash, job_id) VALUES (?, ?, ?, ?, ?)';

/** The job's number in this file; undefined, and nothing written, when the id is taken. */
function insertRow(db: Database, job: Job, message: number | null): number | undefined {
  const input = encodeInput(job);
  const isLarge = input.length > MAX_INLINE_INPUT_CHARS;
  const { changes, lastInsertRowid } = prepared(db, INSERT_JOB).run(
    job.jobId,
    job.status,
    job.type,
    job.queue,
    priorityNumber(job.priority),
    job.userId,
    job.createdAt,
    job.updatedAt,
    job.expiresAt,
    job.attempt,
    job.runEpoch,
    job.version,
    job.parentJobId,
    job.cancelRequestedAt,
    job.awaitsChildren ? 1 : 0,
    delayedUntil(job),
    message,
    encodeLabels(job.labels),
    encodeProgress(job.progress),
    encodeState(job),
    isLarge ? null : input,
  );
  if (changes === 0) return undefined;
  const number = Number(lastInsertRowid);
  if (isLarge) prepared(db, 'INSERT INTO job_inputs (job, input) VALUES (?, ?)').run(number, input);
  recordBlobs(db, number, [...(job.payloadRef === null ? [] : [job.payloadRef.key]), ...outcomeBlobs(job)]);
  return number;
}

/** The event that follows in the same transaction gets the number that `last_event` foretells: the highest plus 1. */
const INSERT_JOB = `
  INSERT INTO jobs (id, status, type, queue, priority, user_id, created_at, updated_at, expires_at, attempt, run_epoch, version,
    parent_id, cancel_requested_at, awaits_children, delayed_until, message, labels, progress, state, input, last_event)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, COALESCE((SELECT max(seq) FROM events), 0) + 1)
  ON CONFLICT (id) DO NOTHING`;

const INSERT_EVENT = 'INSERT INTO events (job, at, type, status, queue, attempt, worker, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';

function readStored(db: Database, jobId: string): Job {
  const job = readJob(db, jobId);
  if (job === undefined) throw new Error(`the stored job ${jobId} cannot be read`);
  return job;
}
