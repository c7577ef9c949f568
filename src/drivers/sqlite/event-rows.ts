// Events as rows, and the chain of a job's events.

import type { Database } from 'better-sqlite3';

import type { JobEvent, NewJobEvent } from '../../domain/job-event.js';
import type { JobId } from '../../domain/job.js';
import type { JsonObject } from '../../domain/json.js';
import { prepared } from '../connection-sqlite/prepared.js';

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

interface ChainedRow extends EventRow {
  readonly previous: number | null;
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

/** One job's events after the number, in order: the chain is walked from its newest event backwards. */
export function readJobEvents(db: Database, jobId: JobId, after: number, limit: number): JobEvent[] {
  const rows: EventRow[] = [];
  let seq = prepared<{ last_event: number }>(db, 'SELECT last_event FROM jobs WHERE id = ?').get(jobId)?.last_event ?? null;
  while (seq !== null && seq > after) {
    const row: ChainedRow | undefined = prepared<ChainedRow>(db, SELECT_EVENT).get(seq);
    if (row === undefined) break;
    rows.push(row);
    seq = row.previous;
  }
  return rows.reverse().slice(0, limit).map(eventOf);
}

/** 0 when there was never an event. */
export function latestEvent(db: Database): number {
  return prepared<{ seq: number | null }>(db, 'SELECT max(seq) AS seq FROM events').get()?.seq ?? 0;
}

const EVENT_COLUMNS = `events.seq, jobs.id, jobs.type AS job_type, events.at, events.type, events.status, events.queue, events.attempt,
  events.worker, events.detail`;

const SELECT_EVENTS = `
  SELECT ${EVENT_COLUMNS} FROM events CROSS JOIN jobs ON jobs.job = events.job
  WHERE events.seq > ? ORDER BY events.seq LIMIT ?`;

const SELECT_EVENT = `SELECT events.previous, ${EVENT_COLUMNS} FROM events JOIN jobs ON jobs.job = events.job WHERE events.seq = ?`;

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
