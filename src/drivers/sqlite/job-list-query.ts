// Turns a filter into one walk over an index, newest first, in bounded steps: a step looks at a limited number of rows,
// whatever the filter leaves of them, so that a long search does not stop the event loop.

import type { Database } from 'better-sqlite3';

import { JOB_STATUSES, type JobStatus } from '../../domain/job.js';
import { instantBounds, narrow } from '../../domain/where/narrow.js';
import type { JobFilter } from '../../ports/job-store.js';
import { prepared, preparedRaw } from '../connection-sqlite/prepared.js';
import { JOB_COLUMNS, type JobRow, type JobValues, rowOf } from './job-rows.js';

/** A place in the order of lists. */
export interface ListKey {
  readonly createdAt: number;
  readonly jobId: string;
}

export interface JobWalk {
  readonly index: string;
  /** Ranges of the index, each in the order of lists; together they are what is walked. */
  readonly ranges: readonly Condition[];
  /** The same as one condition. */
  readonly source: Condition;
  /** What the rows must fulfil besides; null when the index says it all. */
  readonly rest: Condition | null;
}

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

export interface WalkStep {
  readonly rows: readonly JobRow[];
  /** Where the next step goes on; null when the walk is over. */
  readonly next: ListKey | null;
  /** Rows looked at; at most. */
  readonly scanned: number;
}

/** Undefined when no job can match. `nowMs` is what ages in the expression count from. */
export function planWalk(filter: JobFilter, nowMs: number): JobWalk | undefined {
  const narrowed = filter.where === undefined ? {} : narrow(filter.where);
  const statuses = intersection(filter.statuses, narrowed.status);
  const lists: [string, readonly string[] | undefined][] = [
    ['type', intersection(filter.types, narrowed.type)],
    ['queue', intersection(filter.queues, narrowed.queue)],
    ['user_id', intersection(filter.userId === undefined ? undefined : [filter.userId], narrowed.user)],
  ];
  if (statuses?.length === 0 || lists.some(([, values]) => values?.length === 0)) return undefined;
  const known = statuses === undefined ? undefined : JOB_STATUSES.filter((status) => statuses.includes(status));
  if (known?.length === 0) return undefined;
  const place = chooseIndex(filter, known);
  const bounds = all([...createdBounds(filter), ...ageBounds(instantBounds(narrowed, nowMs))]);
  return {
    index: place.index,
    ranges: place.ranges.map((range) => all([range, bounds]) ?? EVERYTHING),
    source: all([place.source, bounds]) ?? EVERYTHING,
    rest: all([place.rest, ...lists.map(([column, values]) => oneOf(column, values)), ...labelConditions(filter.labels ?? {})]),
  };
}

/** The next matching rows before the key, newest first, without `input`; at most `limit` after at most `maxScanned`. */
export function walkStep(db: Database, walk: JobWalk, before: ListKey | null, sizes: { limit: number; maxScanned: number }): WalkStep {
  const key = before ?? END_OF_TIME;
  const isOneRange = walk.ranges.length === 1;
  const scanned = walk.rest === null ? sizes.limit : sizes.maxScanned;
  const until = walk.rest === null && isOneRange ? undefined : keyAt(db, walk, key, scanned);
  const condition = all([walk.source, isBefore(key), until === undefined ? undefined : isNotBefore(until), walk.rest]) ?? EVERYTHING;
  const found = preparedRaw<JobValues>(
    db,
    `SELECT ${JOB_COLUMNS} FROM jobs INDEXED BY ${walk.index} WHERE ${condition.sql} ORDER BY created_at DESC, id DESC LIMIT ?`,
  ).all(...condition.values, sizes.limit);
  const rows = found.map(rowOf);
  const last = rows.length < sizes.limit ? until : keyOf(rows.at(-1));
  return { rows, next: last ?? null, scanned: until === undefined ? rows.length : scanned };
}

const END_OF_TIME: ListKey = { createdAt: Number.MAX_SAFE_INTEGER, jobId: '' };

/** The key of the n-th row of the walk; undefined when there are fewer. Reads no more than n entries of each range. */
function keyAt(db: Database, walk: JobWalk, before: ListKey, n: number): ListKey | undefined {
  const ranges = walk.ranges.map((range) => all([range, isBefore(before)]) ?? EVERYTHING);
  const parts = ranges.map(
    ({ sql }) => `SELECT * FROM (SELECT created_at, id FROM jobs INDEXED BY ${walk.index} WHERE ${sql} ORDER BY created_at DESC, id DESC LIMIT ?)`,
  );
  return prepared<ListKey>(
    db,
    `SELECT created_at AS createdAt, id AS jobId FROM (${parts.join(' UNION ALL ')}) ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?`,
  ).get(...ranges.flatMap(({ values }) => [...values, n]), n - 1);
}

interface Place {
  readonly index: string;
  readonly ranges: readonly (Condition | null)[];
  readonly source: Condition | null;
  readonly rest: Condition | null;
}

function chooseIndex(filter: JobFilter, statuses: readonly JobStatus[] | undefined): Place {
  const byStatus = oneOf('status', statuses) ?? null;
  if (filter.parentJobId !== undefined) {
    const source = { sql: 'parent_id = ?', values: [filter.parentJobId] };
    return { index: 'jobs_parent', ranges: [source], source, rest: byStatus };
  }
  if (byStatus === null || statuses === undefined || statuses.includes('Succeeded')) {
    return { index: 'jobs_created', ranges: [null], source: null, rest: byStatus };
  }
  // The partial index can be used only where its own condition is among the query's.
  const partial = { sql: "status <> 'Succeeded'", values: [] };
  const ranges = statuses.map((status) => all([{ sql: 'status = ?', values: [status] }, partial]));
  return { index: 'jobs_status', ranges, source: all([byStatus, partial]), rest: null };
}

function createdBounds({ createdFrom, createdBefore }: JobFilter): Condition[] {
  return [
    ...(createdFrom === undefined ? [] : [{ sql: 'created_at >= ?', values: [createdFrom] }]),
    ...(createdBefore === undefined ? [] : [{ sql: 'created_at < ?', values: [createdBefore] }]),
  ];
}

function ageBounds({ notBefore, notAfter }: { notBefore?: number; notAfter?: number }): Condition[] {
  return [
    ...(notBefore === undefined ? [] : [{ sql: 'created_at >= ?', values: [notBefore] }]),
    ...(notAfter === undefined ? [] : [{ sql: 'created_at <= ?', values: [notAfter] }]),
  ];
}

/** Labels are few per job and few jobs have them: looked at row by row. */
function labelConditions(labels: Readonly<Record<string, string>>): Condition[] {
  return Object.entries(labels).map(([key, value]) => ({
    sql: 'EXISTS (SELECT 1 FROM json_each(jobs.labels) WHERE json_each.key = ? AND json_each.value = ?)',
    values: [key, value],
  }));
}

function isBefore({ createdAt, jobId }: ListKey): Condition {
  return { sql: '(created_at, id) < (?, ?)', values: [createdAt, jobId] };
}

function isNotBefore({ createdAt, jobId }: ListKey): Condition {
  return { sql: '(created_at, id) >= (?, ?)', values: [createdAt, jobId] };
}

function oneOf(column: string, values: readonly string[] | undefined): Condition | undefined {
  return values === undefined ? undefined : { sql: `${column} IN (${values.map(() => '?').join(', ')})`, values };
}

const EVERYTHING: Condition = { sql: 'TRUE', values: [] };

function all(conditions: readonly (Condition | null | undefined)[]): Condition | null {
  const present = conditions.filter((condition) => condition !== undefined && condition !== null);
  if (present.length === 0) return null;
  return { sql: present.map(({ sql }) => sql).join(' AND '), values: present.flatMap(({ values }) => [...values]) };
}

function intersection(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.filter((value) => b.includes(value));
}

function keyOf(row: JobRow | undefined): ListKey | undefined {
  return row === undefined ? undefined : { createdAt: row.created_at, jobId: row.id };
}
