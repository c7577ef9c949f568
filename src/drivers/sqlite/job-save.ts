// Stores a changed job with its event and its message inside the caller's transaction: the only way a stored job changes,
// apart from its progress.

import type { Database } from 'better-sqlite3';

import { AppError } from '../../domain/errors.js';
import { hasEnded, type Job } from '../../domain/job.js';
import type { Change } from '../../domain/lifecycle.js';
import { prepared, preparedRaw } from '../connection-sqlite/prepared.js';
import { detailText } from './event-rows.js';
import { delayedUntil, encodeInput, encodeLabels, encodeProgress, encodeState, MAX_INLINE_INPUT_CHARS, storedJob } from './job-rows.js';
import { countEntered, enqueueEntry, type JobTransaction, outcomeBlobs, recordBlobs, type StoredFacts, type StoredJob } from './job-transaction.js';
import { forgetElsewhere } from './outbox-rows.js';

/** JOB_CONFLICT and QUEUE_UNKNOWN are thrown before the first write. Returns the job as stored. */
export function saveJob(transaction: JobTransaction, change: Change): Job {
  const { db } = transaction;
  const stored = readFacts(db, change.job.jobId);
  if (stored === undefined || stored.version !== change.job.version) throw conflict(change.job, stored);
  const message = newestMessage(transaction, stored, change);
  if (change.withdrawMessage === true && stored.message !== null) transaction.broker.withdraw(stored.message);
  const saved = writeSave(transaction, change, { ...stored, message });
  if (saved === undefined) throw new Error(`job ${change.job.jobId} changed within the transaction that read it`);
  // Only a replay can change what was submitted; every other save leaves the payload alone, unread and unwritten.
  if (change.event.type === 'replayed') replaceInput(transaction, stored.job, saved.job);
  if (change.toLocalQueue === true && transaction.outbox === undefined) forgetElsewhere(db, transaction.tallies, stored.job);
  return saved.job;
}

/**
 * As saveJob for a change without a message or a new payload, without reading what `known` tells already. Undefined, and
 * nothing written, when the job was saved since.
 */
export function saveKnownJob(transaction: JobTransaction, change: Change, known: StoredJob): StoredJob | undefined {
  const needsMore = change.outbox !== undefined || change.withdrawMessage === true || change.toLocalQueue === true || change.event.type === 'replayed';
  return needsMore || known.facts.version !== change.job.version ? undefined : writeSave(transaction, change, known.facts, known.job);
}

/** `stored` with the message that is the newest from now on. */
function writeSave(transaction: JobTransaction, change: Change, stored: StoredFacts, before?: Job): StoredJob | undefined {
  const { db } = transaction;
  const goesElsewhere = change.outbox !== undefined && outboxOf(transaction, change) !== undefined;
  const job = storedJob(change.job, stored.version + 1, change.outbox !== undefined && !goesElsewhere);
  const event = insertEvent(transaction, stored, change);
  const updated = before !== undefined && onlyMoves(before, job) ? updateState : updateRow;
  if (!updated(transaction, stored, job, event)) {
    // Rare: cheaper to take the event back than to look first each time. Nobody has seen its number.
    prepared(db, 'DELETE FROM events WHERE seq = ?').run(event);
    return undefined;
  }
  if (hasEnded(job.status)) recordBlobs(db, stored.job, outcomeBlobs(job));
  transaction.outbox?.saved({ number: stored.job, before: stored.status, job, entry: goesElsewhere ? change.outbox : undefined });
  countChange(transaction, stored, job, change);
  const { version, status, queue } = job;
  return { job, facts: { job: stored.job, version, status, queue, message: stored.message, lastEvent: event } };
}

/** The broker's number of the job's newest message; null when that one is for another system. */
function newestMessage(transaction: JobTransaction, stored: StoredFacts, change: Change): number | null {
  if (change.outbox === undefined) return stored.message;
  return outboxOf(transaction, change) === undefined ? enqueueEntry(transaction, change.outbox) : null;
}

function outboxOf(transaction: JobTransaction, change: Change): JobTransaction['outbox'] {
  return change.toLocalQueue === true ? undefined : transaction.outbox;
}

function readFacts(db: Database, jobId: string): StoredFacts | undefined {
  const values = preparedRaw<[number, number, Job['status'], string, number | null, number]>(db, SELECT_FACTS).get(jobId);
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

/** False when the row is at another version. */
function updateRow({ db }: JobTransaction, stored: StoredFacts, job: Job, event: number): boolean {
  const { changes } = prepared(db, UPDATE_JOB).run(
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
    stored.message,
    event,
    encodeLabels(job.labels),
    encodeProgress(job.progress),
    encodeState(job),
    stored.job,
    stored.version,
  );
  return changes === 1;
}

const UPDATE_JOB = `
  UPDATE jobs SET status = ?, queue = ?, updated_at = ?, expires_at = ?, attempt = ?, run_epoch = ?, version = ?,
    cancel_requested_at = ?, awaits_children = ?, delayed_until = ?, message = ?, last_event = ?, labels = ?, progress = ?, state = ?
  WHERE job = ? AND version = ?`;

/** Whether the columns that UPDATE_STATE leaves alone are equal in both. */
function onlyMoves(before: Job, after: Job): boolean {
  return (
    before.queue === after.queue &&
    before.expiresAt === after.expiresAt &&
    before.cancelRequestedAt === after.cancelRequestedAt &&
    before.awaitsChildren === after.awaitsChildren &&
    before.labels === after.labels &&
    before.progress === after.progress &&
    delayedUntil(before) === delayedUntil(after)
  );
}

/** As updateRow for most transitions: the indexes over the columns that stay are not even looked at. */
function updateState({ db }: JobTransaction, stored: StoredFacts, job: Job, event: number): boolean {
  const { status, updatedAt, attempt, runEpoch, version } = job;
  return prepared(db, UPDATE_STATE).run(status, updatedAt, attempt, runEpoch, version, event, encodeState(job), stored.job, stored.version).changes === 1;
}

const UPDATE_STATE = `
  UPDATE jobs SET status = ?, updated_at = ?, attempt = ?, run_epoch = ?, version = ?, last_event = ?, state = ?
  WHERE job = ? AND version = ?`;

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
