// Answers about many jobs at once. Each is a query over all partitions, which costs request units with every partition: they
// are for people, for the ends of parents and for drains, not for each job.

import type { JobId, JobStatus } from '../../domain/job.js';
import { hasEnded } from '../../domain/job.js';
import type { MinuteCount, StatusTotal } from '../../ports/job-counters.js';
import type { ChildCounts, OpenWork } from '../../ports/job-store.js';
import type { CosmosCalls } from './cosmos-calls.js';
import { JOB_ID, type JobDocument } from './job-document.js';

export async function countChildren(calls: CosmosCalls, parentJobId: JobId): Promise<ChildCounts> {
  const [parent, counts] = await Promise.all([calls.read<JobDocument>(parentJobId, JOB_ID), countStoredChildren(calls, parentJobId)]);
  return { expected: parent?.state.children?.expected ?? 0, ...(parent === undefined ? NO_CHILDREN : counts) };
}

const NO_CHILDREN = { stored: 0, succeeded: 0, failed: 0 };

async function countStoredChildren(calls: CosmosCalls, parentJobId: JobId): Promise<Omit<ChildCounts, 'expected'>> {
  const rows = await calls.query<{ status: JobStatus; n: number }>({
    query: "SELECT c.state.status AS status, COUNT(1) AS n FROM c WHERE c.kind = 'job' AND c.state.parentJobId = @parent GROUP BY c.state.status",
    parameters: [{ name: '@parent', value: parentJobId }],
  });
  const counts = { ...NO_CHILDREN };
  for (const { status, n } of rows) {
    counts.stored += n;
    if (status === 'Succeeded') counts.succeeded += n;
    else if (hasEnded(status)) counts.failed += n;
  }
  return counts;
}

export async function findStrandedParents(calls: CosmosCalls, limit: number): Promise<JobId[]> {
  const waiting = await calls.query<{ jobId: JobId; expected: number }>({
    query: "SELECT c.pk AS jobId, c.state.children.expected AS expected FROM c WHERE c.kind = 'job' AND c.state.awaitsChildren = true",
  });
  const stranded: JobId[] = [];
  for (const { jobId, expected } of waiting) {
    if (stranded.length >= limit) break;
    const { succeeded, failed } = await countStoredChildren(calls, jobId);
    if (succeeded + failed >= expected) stranded.push(jobId);
  }
  return stranded;
}

/** By what the store knows: the queue is another system. */
export async function countOpenWork(calls: CosmosCalls, queues: readonly string[], now: number): Promise<OpenWork> {
  const names = [...new Set(queues)];
  if (names.length === 0) return { ready: 0, locked: 0, retries: 0, awaitingChildren: 0, delayed: 0 };
  const parameters = names.map((value, index) => ({ name: `@q${index}`, value }));
  const among = `c.kind = 'job' AND c.state.queue IN (${parameters.map(({ name }) => name).join(', ')})`;
  const count = async (condition: string): Promise<number> => {
    const [n = 0] = await calls.query<number>({ query: `SELECT VALUE COUNT(1) FROM c WHERE ${among} AND ${condition}`, parameters: [...parameters, { name: '@now', value: now }] });
    return n;
  };
  const [queued, running, awaitingChildren, delayed, unsent] = await Promise.all([
    count("c.state.status = 'Queued'"),
    count("c.state.status = 'Running'"),
    count('c.state.awaitsChildren = true'),
    count('c.delayedUntil > @now'),
    count('c.outbox.sequence > 0'),
  ]);
  // What is unsent holds a drain up, also where it is a job that is due later.
  return { ready: Math.max(0, queued - delayed - awaitingChildren, unsent), locked: running, retries: 0, awaitingChildren, delayed };
}

export async function countTotals(calls: CosmosCalls): Promise<readonly StatusTotal[]> {
  return calls.query<StatusTotal>({
    query:
      "SELECT c.state.queue AS queue, c.state.type AS type, c.state.status AS status, COUNT(1) AS count FROM c WHERE c.kind = 'job' GROUP BY c.state.queue, c.state.type, c.state.status",
  });
}

/** From the events themselves: no write pays for it, and the cost is that of the minutes asked for. */
export async function countPerMinute(calls: CosmosCalls, { from, to }: { from: number; to: number }): Promise<readonly MinuteCount[]> {
  return calls.query<MinuteCount>({
    query:
      "SELECT c.minute AS minute, c.queue AS queue, c.jobType AS type, c.status AS status, COUNT(1) AS count FROM c WHERE c.kind = 'event' AND c.minute >= @from AND c.minute < @to GROUP BY c.minute, c.queue, c.jobType, c.status",
    parameters: [
      { name: '@from', value: from - (from % 60_000) },
      { name: '@to', value: to },
    ],
  });
}
