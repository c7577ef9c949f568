// Answers about many jobs at once, from counters and small partial indexes.

import type { Database } from 'better-sqlite3';

import { hasEnded, type JobId, type JobStatus } from '../../domain/job.js';
import type { ChildCounts, OpenWork } from '../../ports/job-store.js';
import { prepared } from '../connection-sqlite/prepared.js';
import { readJob } from './job-transaction.js';
import { decodeState } from './job-rows.js';
import { readTallies } from './tally.js';

/** The counters of a parent's children are changed in the transactions that store the children: they count the stored set. */
export function countChildren(db: Database, parentJobId: JobId): ChildCounts {
  const expected = readJob(db, parentJobId)?.children?.expected ?? 0;
  return { expected, ...countStoredChildren(db, parentJobId) };
}

/** In one read: the children's counters and what each waiting parent expects. */
export function findStrandedParents(db: Database, limit: number): JobId[] {
  const stranded: JobId[] = [];
  for (const parent of prepared<{ id: string; state: string }>(db, SELECT_WAITING).all()) {
    const { succeeded, failed } = countStoredChildren(db, parent.id);
    if (succeeded + failed < (decodeState(parent.state).children?.expected ?? 0)) continue;
    stranded.push(parent.id);
    if (stranded.length >= limit) break;
  }
  return stranded;
}

const SELECT_WAITING = 'SELECT id, state FROM jobs WHERE awaits_children = 1';

/** `isElsewhere`: the store's messages are for another system, whose counts it does not have. */
export function countOpenWork(db: Database, queues: readonly string[], now: number, isElsewhere: boolean): OpenWork {
  const sum = { ready: 0, locked: 0, retries: 0, awaitingChildren: 0, delayed: 0 };
  for (const queue of new Set(queues)) {
    const delayed = countOf(db, 'SELECT count(*) AS n FROM jobs WHERE queue = ? AND delayed_until IS NOT NULL AND delayed_until > ?', queue, now);
    const awaitingChildren = countOf(db, 'SELECT count(*) AS n FROM jobs WHERE queue = ? AND awaits_children = 1', queue);
    const unsent = readTallies(db, 'outbox', queue)[0]?.count ?? 0;
    const counted = isElsewhere ? countJobs(db, queue, delayed + awaitingChildren) : countMessages(db, queue, delayed);
    // What is unsent holds a drain up, also where it is a job that is due later; of the jobs counted it may be a part.
    sum.ready += isElsewhere ? Math.max(counted.ready, unsent) : counted.ready + unsent;
    sum.locked += counted.locked;
    sum.retries += counted.retries;
    sum.awaitingChildren += awaitingChildren;
    sum.delayed += delayed;
  }
  return sum;
}

type CountedWork = Pick<OpenWork, 'ready' | 'locked' | 'retries'>;

/**
 * A scheduled message is a retry unless it is the first attempt of a job that is due later: those are counted by their
 * own index, the others are what remains.
 */
function countMessages(db: Database, queue: string, delayed: number): CountedWork {
  const messages = new Map(readTallies(db, 'messages', queue).map(({ b: state, count }) => [state, count]));
  const retries = Math.max(0, (messages.get('scheduled') ?? 0) - delayed);
  return { ready: messages.get('active') ?? 0, locked: messages.get('locked') ?? 0, retries };
}

/** Retries are among the ready ones: telling them apart would need a look at each job. */
function countJobs(db: Database, queue: string, waitingElsewhere: number): CountedWork {
  const jobs = { Queued: 0, Running: 0 };
  for (const { c: status, count } of readTallies(db, 'jobs', queue)) if (status === 'Queued' || status === 'Running') jobs[status] += count;
  return { ready: Math.max(0, jobs.Queued - waitingElsewhere), locked: jobs.Running, retries: 0 };
}

function countStoredChildren(db: Database, parentJobId: JobId): { stored: number; succeeded: number; failed: number } {
  const counts = { stored: 0, succeeded: 0, failed: 0 };
  for (const { b, count } of readTallies(db, 'children', parentJobId)) {
    const status = b as JobStatus;
    counts.stored += count;
    if (status === 'Succeeded') counts.succeeded += count;
    else if (hasEnded(status)) counts.failed += count;
  }
  return counts;
}

function countOf(db: Database, sql: string, ...values: (string | number)[]): number {
  return prepared<{ n: number }>(db, sql).get(...values)?.n ?? 0;
}
