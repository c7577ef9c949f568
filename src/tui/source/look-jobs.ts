// A window of the list of jobs: three chunks from an anchor on, never the whole store.

import type { Job } from '../../domain/job.js';
import { parseWhere } from '../../domain/where/parser.js';
import type { JobFilter } from '../../ports/job-store.js';
import type { JobRow, JobsData } from '../data.js';
import type { Interest } from '../interest.js';
import { type DashboardPorts, isCharged } from './ports.js';

const CHUNKS = 3;
/** For each chunk, where every job that is looked at costs: a dashboard looks again and again. */
const SEARCH_LIMIT = 2_000;

/** WHERE_INVALID; the reason of `signal` when it fires during a long search. */
export async function lookJobs(ports: DashboardPorts, { filter, anchor, chunk }: Extract<Interest, { slice: 'jobs' }>, signal: AbortSignal): Promise<JobsData> {
  const wanted: JobFilter = filter === '' ? {} : { where: parseWhere(filter) };
  const rows: JobRow[] = [];
  const cursors: string[] = [];
  let cursor = anchor;
  let more = true;
  let looked = 0;
  let isCut = false;
  const limit = isCharged(ports) ? { maxScanned: SEARCH_LIMIT } : {};
  for (let part = 0; part < CHUNKS && more; part += 1) {
    let lookedHere = 0;
    const page = await ports.store.list({ filter: wanted, limit: chunk, signal, ...limit, onScanned: (scanned) => (lookedHere = scanned), ...(cursor === null ? {} : { cursor }) });
    looked += lookedHere;
    rows.push(...page.jobs.map(jobRowOf));
    isCut = page.nextCursor !== null && page.jobs.length < chunk;
    cursor = isCut ? null : page.nextCursor;
    more = cursor !== null;
    if (cursor !== null) cursors.push(cursor);
  }
  const total = (await ports.counters.totals()).reduce((sum, { count }) => sum + count, 0);
  const fitting = filter === '' ? total : anchor === null && !more && !isCut ? rows.length : null;
  return { rows, chunkCursors: cursors, more, total, fitting, searched: isCut ? looked : null };
}

export function jobRowOf(job: Job): JobRow {
  return {
    jobId: job.jobId,
    type: job.type,
    status: job.status,
    priority: job.priority,
    queue: job.queue,
    userId: job.userId,
    attempt: job.attempt,
    maxAttempts: job.maxAttempts,
    createdAt: job.createdAt,
    nextAttemptAt: job.status === 'Queued' ? job.nextAttemptAt : null,
    cancelRequested: job.cancelRequestedAt !== null && job.status === 'Running',
    worker: job.worker,
    note: noteOf(job),
  };
}

/** Why it failed, how far it is, or its labels. */
function noteOf({ status, error, progress, labels, cancelRequestedAt }: Job): string {
  if (error !== null && status !== 'Succeeded') return `${error.code}: ${error.message}`;
  if (status === 'Running' && cancelRequestedAt !== null) return 'asked to stop';
  if (progress !== null && status !== 'Succeeded') {
    const { completed, total, message } = progress;
    return `${completed}${total === null ? '' : `/${total}`}${message === null ? '' : ` ${message}`}`;
  }
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}
