// Lists jobs: walks in steps, lets the event loop run between them, and asks the where-expression about each row.

import type { Database } from 'better-sqlite3';

import { AppError } from '../../domain/errors.js';
import type { Job } from '../../domain/job.js';
import { matchesWhere } from '../../domain/where/evaluate.js';
import type { JobPage, ListJobs } from '../../ports/job-store.js';
import { prepared } from '../connection-sqlite/prepared.js';
import { type JobWalk, type ListKey, planWalk, walkStep, type WalkStep } from './job-list-query.js';
import { JobRowRecord } from './job-row-record.js';
import { INPUT_COLUMN, type JobRow, jobOf } from './job-rows.js';
import type { Reader } from './reader.js';

/** A few milliseconds of work between two turns of the event loop. */
const ROWS_PER_STEP = 2000;

/** `nowMs`: what ages count from. */
export async function listJobs(reader: Reader, query: ListJobs, nowMs: number): Promise<JobPage> {
  const walk = planWalk(query.filter, nowMs);
  let before = query.cursor === undefined ? null : parseCursor(query.cursor);
  if (walk === undefined || query.limit <= 0) return { jobs: [], nextCursor: null };
  const jobs: Job[] = [];
  let scanned = 0;
  for (;;) {
    query.signal?.throwIfAborted();
    const wanted = query.limit - jobs.length;
    const step = await reader.read((db) => readStep(db, { walk, query, nowMs, before, wanted }));
    jobs.push(...step.jobs);
    scanned += step.scanned;
    query.onScanned?.(scanned);
    before = step.next;
    if (before === null) return { jobs, nextCursor: null };
    if (jobs.length >= query.limit) return { jobs, nextCursor: cursorOf(before) };
    await new Promise((resolve) => setImmediate(resolve));
  }
}

interface StepRequest {
  readonly walk: JobWalk;
  readonly query: ListJobs;
  readonly nowMs: number;
  readonly before: ListKey | null;
  readonly wanted: number;
}

function readStep(db: Database, { walk, query, nowMs, before, wanted }: StepRequest): { jobs: Job[]; scanned: number; next: ListKey | null } {
  const { where } = query.filter;
  if (where === undefined) {
    const step = walkStep(db, walk, before, { limit: wanted, maxScanned: ROWS_PER_STEP });
    return { ...step, jobs: fullJobs(db, step.rows) };
  }
  const step = walkStep(db, walk, before, { limit: ROWS_PER_STEP, maxScanned: ROWS_PER_STEP });
  const matching: JobRow[] = [];
  for (const row of step.rows) {
    if (!matchesWhere(where, new JobRowRecord(row, () => inputOf(db, row) ?? '{}', nowMs))) continue;
    matching.push(row);
    if (matching.length === wanted) break;
  }
  return { jobs: fullJobs(db, matching), scanned: step.scanned, next: nextOf(step, matching, wanted) };
}

/** Behind the last job of a page that is full before the step's end; else where the step ended. */
function nextOf(step: WalkStep, matching: readonly JobRow[], wanted: number): ListKey | null {
  const last = matching.at(-1);
  if (matching.length < wanted || last === undefined) return step.next;
  if (last === step.rows.at(-1)) return step.next;
  return { createdAt: last.created_at, jobId: last.id };
}

/** Without those that were deleted since the step was read. */
function fullJobs(db: Database, rows: readonly JobRow[]): Job[] {
  return rows.flatMap((row) => {
    const input = inputOf(db, row);
    return input === undefined ? [] : [jobOf(row, input)];
  });
}

function inputOf(db: Database, row: JobRow): string | undefined {
  return prepared<{ input: string }>(db, `SELECT ${INPUT_COLUMN} FROM jobs WHERE jobs.job = ?`).get(row.job)?.input;
}

function cursorOf({ createdAt, jobId }: ListKey): string {
  return `${createdAt}.${jobId}`;
}

function parseCursor(cursor: string): ListKey {
  const [, createdAt, jobId] = /^(-?\d{1,16})\.(.+)$/s.exec(cursor) ?? [];
  if (createdAt !== undefined && jobId !== undefined) return { createdAt: Number(createdAt), jobId };
  throw new AppError('INPUT_INVALID', `cursor: expected the nextCursor of a page, got ${JSON.stringify(cursor.slice(0, 60))}`, {
    hint: 'leave the cursor out to begin with the newest job',
  });
}
