// Events as rows, and the chain of a job's events.

import type { Database } from 'better-sqlite3';

import type { JobEvent, NewJobEvent } from '../../domain/job-event.js';
import type { JobId } from '../../domain/job.js';
import type { JsonObject } from '../../domain/json.js';
import { prepared } from './database.js';

interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly job_type: string;
  readonly at: number;
  readonly type: JobEvent['type'];
  readonly status: JobEvent['status'];
  readonly queue: string;
  readonly attempt: number;
  readonly worker: string | null;
  readonly detail: string | null;
}

/** Most events have no detail. */
export function detailText({ detail }: NewJobEvent): string | null {
  for (const key in detail) if (Object.hasOwn(detail, key)) return JSON.stringify(detail);
  return null;
}

/** Events of all jobs after the number, in order. Numbers are given out inside write transactions, one after another, so none appears late. */
export function readEvents(db: Database, after: number, limit: number): JobEvent[] {
  return prepared<EventRow>(db, SELECT_EVENTS).all(after, limit).map(eventOf);
}

/** One job's events after the number, in order. */
export function readJobEvents(db: Database, jobId: JobId, after: number, limit: number): JobEvent[] {
  return prepared<EventRow>(db, SELECT_JOB_EVENTS).all(jobId, after, limit).map(eventOf);
}

/** 0 when there was never an event. */
export function latestEvent(db: Database): number {
  return prepared<{ seq: number | null }>(db, 'SELECT max(seq) AS seq FROM events').get()?.seq ?? 0;
}

const EVENT_COLUMNS = `events.seq, jobs.id, jobs.type AS job_type, events.at, events.type, events.status, events.queue, events.attempt,
  events.worker, events.detail`;

const SELECT_EVENTS = `
  SELECT ${EVENT_COLUMNS} FROM events JOIN jobs ON jobs.job = events.job
  WHERE events.seq > ? ORDER BY events.seq LIMIT ?`;

const SELECT_JOB_EVENTS = `
  WITH RECURSIVE
    given (job_id, after_seq) AS (VALUES (?, ?)),
    chain (seq, previous) AS (
      SELECT events.seq, events.previous FROM given
        JOIN jobs ON jobs.id = given.job_id JOIN events ON events.seq = jobs.last_event
        WHERE events.seq > given.after_seq
      UNION ALL
      SELECT events.seq, events.previous FROM chain JOIN events ON events.seq = chain.previous
        WHERE events.seq > (SELECT after_seq FROM given)
    )
  SELECT ${EVENT_COLUMNS} FROM chain JOIN events ON events.seq = chain.seq JOIN jobs ON jobs.job = events.job
  ORDER BY events.seq LIMIT ?`;

function eventOf(row: EventRow): JobEvent {
  return {
    cursor: String(row.seq),
    jobId: row.id,
    at: row.at,
    type: row.type,
    status: row.status,
    jobType: row.job_type,
    queue: row.queue,
    attempt: row.attempt,
    worker: row.worker,
    detail: row.detail === null ? {} : (JSON.parse(row.detail) as JsonObject),
  };
}
