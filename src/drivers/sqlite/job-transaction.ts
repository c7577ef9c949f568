// What insert, save and the broker's own moves need inside one transaction: the connection's broker and counters, and
// the statements that more than one of them runs.

import type { Database } from 'better-sqlite3';

import type { Job, JobId, JobStatus } from '../../domain/job.js';
import { messageIdOf, type OutboxEntry } from '../../domain/message.js';
import { encodeMessage } from '../../domain/encode-message.js';
import type { Clock } from '../../ports/clock.js';
import type { Broker } from './broker/broker.js';
import { prepared, preparedRaw } from '../connection-sqlite/prepared.js';
import { type FullJobValues, INPUT_COLUMN, JOB_COLUMNS, jobOf, priorityNumber, rowOf } from './job-rows.js';
import type { OutboxRows } from './outbox-rows.js';
import type { Tallies } from './tally.js';

export interface JobTransaction {
  readonly db: Database;
  readonly broker: Broker;
  readonly tallies: Tallies;
  readonly clock: Clock;
  readonly storeId: string;
  /** Where messages go that are for another system; undefined: they go on the broker's queues. */
  readonly outbox: OutboxRows | undefined;
}

export const MINUTE_MS = 60_000;

export function readJob(db: Database, jobId: JobId): Job | undefined {
  return readStoredJob(db, jobId)?.job;
}

/** What the next save of a job needs to know of its row as it was at `version`. */
export interface StoredFacts {
  readonly job: number;
  readonly version: number;
  readonly status: JobStatus;
  readonly queue: string;
  readonly message: number | null;
  readonly lastEvent: number;
}

/** A job with what its next save would have to read first. */
export interface StoredJob {
  readonly job: Job;
  readonly facts: StoredFacts;
}

export function readStoredJob(db: Database, jobId: JobId): StoredJob | undefined {
  const values = preparedRaw<StoredJobValues>(db, SELECT_JOB).get(jobId);
  if (values === undefined) return undefined;
  const facts = { job: values[0], version: values[12], status: values[2], queue: values[4], message: values[20], lastEvent: values[21] };
  return { job: jobOf(rowOf(values), values[19]), facts };
}

type StoredJobValues = readonly [...columns: FullJobValues, message: number | null, lastEvent: number];

const SELECT_JOB = `SELECT ${JOB_COLUMNS}, ${INPUT_COLUMN}, message, last_event FROM jobs WHERE id = ?`;

/** The job's `job` number of this file, or undefined. */
export function jobNumber(db: Database, jobId: JobId): number | undefined {
  return prepared<{ job: number }>(db, 'SELECT job FROM jobs WHERE id = ?').get(jobId)?.job;
}

/** Puts the entry on its queue in this transaction; returns the broker's number. QUEUE_UNKNOWN before anything is written. */
export function enqueueEntry({ broker, clock, storeId }: JobTransaction, entry: OutboxEntry): number {
  const { body, properties } = encodeMessage(entry, storeId);
  return broker.enqueue(
    {
      queue: entry.queue,
      messageId: messageIdOf(entry.jobId, entry.sequence),
      body,
      properties: JSON.stringify(properties),
      rank: HIGHEST_PRIORITY - priorityNumber(entry.priority),
      dueAt: entry.notBefore,
      expiresAt: entry.expiresAt,
    },
    clock.now(),
  );
}

const HIGHEST_PRIORITY = priorityNumber('urgent');

/** Counts a job that came into a status: in the totals, among its parent's children and, when `isTransition`, in its minute. */
export function countEntered(tallies: Tallies, job: Job, at: number, isTransition: boolean): void {
  tallies.add(1, 'jobs', job.queue, job.type, job.status);
  if (job.parentJobId !== null) tallies.add(1, 'children', job.parentJobId, job.status);
  if (isTransition) tallies.add(1, 'transitions', at - (at % MINUTE_MS), job.queue, job.type, job.status);
}

/** Remembers which files the job names, so that prune knows when nobody names them any more. */
export function recordBlobs(db: Database, job: number, keys: readonly string[]): void {
  for (const key of keys) prepared(db, 'INSERT OR IGNORE INTO job_blobs (key, job) VALUES (?, ?)').run(key, job);
}

export function outcomeBlobs(job: Job): string[] {
  return [...(job.resultRef === null ? [] : [job.resultRef.key]), ...job.artifacts.map(({ key }) => key)];
}
