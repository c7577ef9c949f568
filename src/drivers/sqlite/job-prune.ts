// Deletes ended jobs with everything that was kept about them, inside the caller's transaction.

import type { Database } from 'better-sqlite3';

import { hasEnded, JOB_STATUSES, type JobStatus } from '../../domain/job.js';
import type { PrunedJob } from '../../ports/job-store.js';
import { prepared } from '../connection-sqlite/prepared.js';
import { jobNumber } from './job-transaction.js';
import type { Tallies } from './tally.js';

export interface PruneRequest {
  readonly before: number;
  readonly limit: number;
  readonly statuses?: readonly JobStatus[];
}

interface PrunableRow {
  readonly job: number;
  readonly id: string;
  readonly status: JobStatus;
  readonly type: string;
  readonly queue: string;
  readonly parent_id: string | null;
  readonly last_event: number;
}

/** Oldest by creation first: a job was created no later than it was last changed, so the walk ends at `before`. */
export function pruneJobs(db: Database, tallies: Tallies, request: PruneRequest): PrunedJob[] {
  const statuses = (request.statuses ?? JOB_STATUSES).filter(hasEnded);
  const list = statuses.map(() => '?').join(', ');
  const rows = prepared<PrunableRow>(
    db,
    `SELECT job, id, status, type, queue, parent_id, last_event FROM jobs INDEXED BY jobs_created
     WHERE created_at < ? AND updated_at < ? AND status IN (${list}) ORDER BY created_at, id LIMIT ?`,
  ).all(request.before, request.before, ...statuses, request.limit);
  const pruned = rows.map((row) => ({ jobId: row.id, blobKeys: deleteJob(db, row) }));
  for (const row of rows) discount(db, tallies, row);
  // Minutes as old as the jobs: nobody draws a rate of that time any more.
  prepared(db, "DELETE FROM tallies WHERE kind = 'transitions' AND a < ?").run(request.before);
  return pruned;
}

/** Returns the keys of files that no job names any more. */
function deleteJob(db: Database, { job, id, last_event: lastEvent }: PrunableRow): string[] {
  prepared(db, DELETE_EVENTS).run(lastEvent);
  prepared(db, 'UPDATE events SET job = 0, previous = NULL WHERE seq = ? AND job = ?').run(lastEvent, job);
  for (const table of ['job_log', 'checkpoints', 'job_inputs', 'watched_jobs', 'jobs']) prepared(db, `DELETE FROM ${table} WHERE job = ?`).run(job);
  prepared(db, 'DELETE FROM idempotency WHERE job_id = ?').run(id);
  prepared(db, "DELETE FROM tallies WHERE kind = 'children' AND a = ?").run(id);
  const named = prepared<{ key: string }>(db, 'DELETE FROM job_blobs WHERE job = ? RETURNING key').all(job);
  return named.flatMap(({ key }) => (isNamed(db, key) ? [] : [key]));
}

/** All but the newest event of the store, which keeps its number taken. */
const DELETE_EVENTS = `
  DELETE FROM events WHERE seq <> (SELECT max(seq) FROM events) AND seq IN (
    WITH RECURSIVE chain (seq, previous) AS (
      SELECT seq, previous FROM events WHERE seq = ?
      UNION ALL
      SELECT events.seq, events.previous FROM chain JOIN events ON events.seq = chain.previous
    )
    SELECT seq FROM chain
  )`;

function isNamed(db: Database, key: string): boolean {
  return prepared(db, 'SELECT 1 FROM job_blobs WHERE key = ? LIMIT 1').get(key) !== undefined;
}

/** After all deletions: a parent that went with its child has no counters any more. */
function discount(db: Database, tallies: Tallies, row: PrunableRow): void {
  tallies.add(-1, 'jobs', row.queue, row.type, row.status);
  if (row.parent_id === null) return;
  if (jobNumber(db, row.parent_id) !== undefined) tallies.add(-1, 'children', row.parent_id, row.status);
  else prepared(db, "DELETE FROM tallies WHERE kind = 'children' AND a = ?").run(row.parent_id);
}
