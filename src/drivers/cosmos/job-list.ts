// Lists jobs newest first, by keyset pages: the filter and what an index answers of a where-expression become the query, the
// rest of the expression is asked of each job that was read.

import type { SqlParameter, SqlQuerySpec } from '@azure/cosmos';

import { AppError } from '../../domain/errors.js';
import type { Job } from '../../domain/job.js';
import { matchesWhere } from '../../domain/where/evaluate.js';
import { jobWhereRecord } from '../../domain/where/job-record.js';
import type { JobFilter, JobPage, ListJobs } from '../../ports/job-store.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { type JobDocument, jobOf } from './job-document.js';
import { whereCondition } from './where-condition.js';

/** Documents read in one request of a search; each costs request units, found or not. */
const SEARCH_PAGE = 200;

interface ListKey {
  readonly createdAt: number;
  readonly jobId: string;
}

export async function listJobs(calls: CosmosCalls, query: ListJobs, nowMs: number): Promise<JobPage> {
  const { filter, limit, onScanned, signal, maxScanned = Infinity } = query;
  let before = query.cursor === undefined ? undefined : parseCursor(query.cursor);
  const jobs: Job[] = [];
  let scanned = 0;
  while (limit > 0) {
    signal?.throwIfAborted();
    const { spec, isExact } = planList(filter, nowMs, before);
    // One more than wanted tells whether there is another page.
    const size = isExact ? limit - jobs.length + 1 : SEARCH_PAGE;
    const found = (await calls.query<JobDocument>(spec, { limit: size })).map(jobOf);
    scanned += found.length;
    onScanned?.(scanned);
    for (const job of found) {
      const last = jobs.at(-1);
      if (jobs.length === limit && last !== undefined) return { jobs, nextCursor: cursorOf(last) };
      if (filter.where === undefined || matchesWhere(filter.where, jobWhereRecord(job, nowMs))) jobs.push(job);
    }
    const end = found.at(-1);
    if (found.length < size || end === undefined) break;
    before = { createdAt: end.createdAt, jobId: end.jobId };
    if (scanned >= maxScanned) return { jobs, nextCursor: cursorOf(end) };
  }
  return { jobs, nextCursor: null };
}

export function listQuery(filter: JobFilter, nowMs: number, before?: ListKey): SqlQuerySpec {
  return planList(filter, nowMs, before).spec;
}

/** Values are parameters; only names of labels are part of the text, quoted. `isExact`: what it finds need not be looked at again. */
function planList(filter: JobFilter, nowMs: number, before?: ListKey): { spec: SqlQuerySpec; isExact: boolean } {
  const conditions = ["c.kind = 'job'"];
  const parameters: SqlParameter[] = [];
  const value = (given: string | number): string => {
    const name = `@p${parameters.length}`;
    parameters.push({ name, value: given });
    return name;
  };
  const lists: [string, readonly string[] | undefined][] = [
    ['status', filter.statuses],
    ['type', filter.types],
    ['queue', filter.queues],
    ['userId', filter.userId === undefined ? undefined : [filter.userId]],
  ];
  for (const [property, values] of lists) {
    if (values !== undefined) conditions.push(values.length === 0 ? 'false' : `c.state.${property} IN (${values.map(value).join(', ')})`);
  }
  if (filter.parentJobId !== undefined) conditions.push(`c.state.parentJobId = ${value(filter.parentJobId)}`);
  for (const [label, text] of Object.entries(filter.labels ?? {})) conditions.push(`c.state.labels[${JSON.stringify(label)}] = ${value(text)}`);
  if (filter.createdFrom !== undefined) conditions.push(`c.createdAt >= ${value(filter.createdFrom)}`);
  if (filter.createdBefore !== undefined) conditions.push(`c.createdAt < ${value(filter.createdBefore)}`);
  const where = filter.where === undefined ? undefined : whereCondition(filter.where, { nowMs, parameter: value });
  if (where !== undefined && where.sql !== 'true') conditions.push(`(${where.sql})`);
  if (before !== undefined) {
    const at = value(before.createdAt);
    conditions.push(`(c.createdAt < ${at} OR (c.createdAt = ${at} AND c.pk < ${value(before.jobId)}))`);
  }
  const query = `SELECT * FROM c WHERE ${conditions.join(' AND ')} ORDER BY c.createdAt DESC, c.pk DESC`;
  return { spec: { query, parameters }, isExact: where?.isExact ?? true };
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
