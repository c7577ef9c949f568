// Stores a changed job with its event and its message inside the caller's transaction: the only way a stored job changes,
// apart from its progress.

import type { Database } from 'better-sqlite3';

import { AppError } from '../../domain/errors.js';
import { hasEnded, type Job, type JobStatus } from '../../domain/job.js';
import type { Change } from '../../domain/lifecycle.js';
import { prepared, preparedRaw } from './database.js';
import { detailText } from './event-rows.js';
import { delayedUntil, encodeInput, encodeLabels, encodeProgress, encodeState, MAX_INLINE_INPUT_CHARS, storedJob } from './job-rows.js';
import { countEntered, enqueueEntry, type JobTransaction, outcomeBlobs, recordBlobs } from './job-transaction.js';

interface StoredFacts {
  readonly job: number;
  readonly version: number;
  readonly status: JobStatus;
  readonly queue: string;
  readonly message: number | null;
  readonly lastEvent: number;
}

/** JOB_CONFLICT and QUEUE_UNKNOWN are thrown before the first write. Returns the job as stored. */
export function saveJob(transaction: JobTransaction, change: Change): Job {
  const { db } = transaction;
  const stored = readFacts(db, change.job.jobId);
  if (stored === undefined || stored.version !== change.job.version) throw conflict(change.job, stored);
  const outbox = change.toLocalQueue === true ? undefined : transaction.outbox;
  const job = storedJob(change.job, stored.version + 1, change.outbox !== undefined && outbox === undefined);
  const message = newestMessage(transaction, stored, change, outbox !== undefined);
  if (change.withdrawMessage === true && stored.message !== null) transaction.broker.withdraw(stored.message);
  updateRow(transaction, stored, job, { message, event: insertEvent(transaction, stored, change) });
  // Only a replay can change what was submitted; every other save leaves the payload alone, unread and unwritten.
  if (change.event.type === 'replayed') replaceInput(transaction, stored.job, job);
  if (hasEnded(job.status)) recordBlobs(db, stored.job, outcomeBlobs(job));
  transaction.outbox?.saved(stored.job, job, outbox === undefined ? undefined : change.outbox);
  countChange(transaction, stored, job, change);
  return job;
}

/** The broker's number of the job's newest message; null when that one is for another system. */
function newestMessage(transaction: JobTransaction, stored: StoredFacts, { outbox }: Change, isElsewhere: boolean): number | null {
  if (outbox === undefined) return stored.message;
  return isElsewhere ? null : enqueueEntry(transaction, outbox);
}

function readFacts(db: Database, jobId: string): StoredFacts | undefined {
  const values = preparedRaw<[number, number, JobStatus, string, number | null, number]>(db, SELECT_FACTS).get(jobId);
  if (values === undefined) return undefined;
  return { job: values[0], version: values[1], status: values[2], queue: values[3], message: values[4], lastEvent: values[5] };
}

const SELECT_FACTS = 'SELECT job, version, status, queue, message, last_event FROM jobs WHERE id = ?';

/** A deleted job is a conflict too: reading it again tells. */
function conflict(job: Job, stored: StoredFacts | undefined): AppError {
  const found = stored === undefined ? 'it was deleted' : `it is at version ${stored.version} by now`;
  return new AppError('JOB_CONFLICT', `job ${job.jobId} was changed since version ${job.version} was read: ${found}`, {
    hint: 'read the job again and repeat the change',
    details: { jobId: job.jobId },
  });
}

function insertEvent({ db }: JobTransaction, stored: StoredFacts, { event }: Change): number {
  const { lastInsertRowid } = prepared(db, INSERT_EVENT).run(
    stored.job,
    stored.lastEvent,
    event.at,
    event.type,
    event.status,
    event.queue,
    event.attempt,
    event.worker,
    detailText(event),
  );
  return Number(lastInsertRowid);
}

const INSERT_EVENT = 'INSERT INTO events (job, previous, at, type, status, queue, attempt, worker, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)';

function updateRow({ db }: JobTransaction, stored: StoredFacts, job: Job, numbers: { message: number | null; event: number }): void {
  prepared(db, UPDATE_JOB).run(
    job.status,
    job.queue,
    job.updatedAt,
    job.expiresAt,
    job.attempt,
    job.runEpoch,
    job.version,
    job.cancelRequestedAt,
    job.awaitsChildren ? 1 : 0,
    delayedUntil(job),
    numbers.message,
    numbers.event,
    encodeLabels(job.labels),
    encodeProgress(job.progress),
    encodeState(job),
    stored.job,
  );
}

const UPDATE_JOB = `
  UPDATE jobs SET status = ?, queue = ?, updated_at = ?, expires_at = ?, attempt = ?, run_epoch = ?, version = ?,
    cancel_requested_at = ?, awaits_children = ?, delayed_until = ?, message = ?, last_event = ?, labels = ?, progress = ?, state = ?
  WHERE job = ?`;

function replaceInput({ db }: JobTransaction, number: number, job: Job): void {
  const input = encodeInput(job);
  const isLarge = input.length > MAX_INLINE_INPUT_CHARS;
  prepared(db, 'UPDATE jobs SET input = ? WHERE job = ?').run(isLarge ? null : input, number);
  prepared(db, 'DELETE FROM job_inputs WHERE job = ?').run(number);
  if (isLarge) prepared(db, 'INSERT INTO job_inputs (job, input) VALUES (?, ?)').run(number, input);
  if (job.payloadRef !== null) recordBlobs(db, number, [job.payloadRef.key]);
}

/** A start after a lost lock is a transition too, from Running to Running. A job given back is not accepted a second time. */
function countChange({ tallies }: JobTransaction, stored: StoredFacts, job: Job, { event }: Change): void {
  const isSamePlace = stored.status === job.status && stored.queue === job.queue;
  if (isSamePlace && event.type !== 'started') return;
  tallies.add(-1, 'jobs', stored.queue, job.type, stored.status);
  if (job.parentJobId !== null) tallies.add(-1, 'children', job.parentJobId, stored.status);
  countEntered(tallies, job, event.at, job.status !== 'Queued');
}
