// The rows of each list as they are shown: filtered and sorted. Update and view both take them from here.

import { JOB_STATUSES } from '../domain/job.js';
import { compilePattern } from '../domain/where/glob.js';
import type { QueueStat } from '../services/queue-stats.js';
import type { GroupRow, JobRow, LedgerRow, LetterRow, LogEntry, OperationRow, SliceData, SliceName, WorkerRow } from './data.js';
import { ALL_GROUPS, interestKeys } from './interest.js';
import type { JobSort, ListName, Model, QueueSort, WorkerSort } from './model.js';

/** The data of a slice, if it is the answer to what is asked for now. */
export function dataOf<S extends SliceName>(model: Model, name: S): SliceData[S] | null {
  const slice = model.slices[name];
  const wanted = interestKeys(model).get(name);
  return wanted === undefined || wanted === slice.key ? slice.data : null;
}

/** As they were last brought into order; those that came since are the last. */
export function queueRows({ slices, queueOrder, queueFilter }: Model): readonly QueueStat[] {
  const queues = slices.overview.data?.stats.queues ?? [];
  const fits = compilePattern(queueFilter);
  return inOrderOf(queues.filter(({ name }) => fits(name)), ({ name }) => name, queueOrder);
}

/** Their names as the present numbers and the chosen sort would have them. */
export function sortedQueueNames({ slices, queueSort }: Model): readonly string[] {
  return sortedQueues(slices.overview.data?.stats.queues ?? [], queueSort).map(({ name }) => name);
}

export function depthOf({ active, locked, scheduled }: QueueStat): number {
  return active + locked + scheduled;
}

export function jobRows(model: Model): readonly JobRow[] {
  return dataOf(model, 'jobs')?.rows ?? [];
}

/** Sorting is of the loaded jobs; the store knows no other order than newest first. */
export function sortedJobs(rows: readonly JobRow[], sort: JobSort): readonly JobRow[] {
  if (sort === 'created') return [...rows].sort((a, b) => b.createdAt - a.createdAt || (a.jobId < b.jobId ? 1 : -1));
  const keyOf: Readonly<Record<Exclude<typeof sort, 'created'>, (row: JobRow) => number | string>> = {
    status: (row) => JOB_STATUSES.indexOf(row.status),
    type: (row) => row.type,
    queue: (row) => row.queue,
    attempt: (row) => -row.attempt,
  };
  return sortedBy(rows, keyOf[sort]);
}

/** With a row for all of them in front, when there are several. */
export function groupRows(model: Model): readonly GroupRow[] {
  const groups = dataOf(model, 'groups')?.groups ?? [];
  return groups.length < 2 ? groups : [allOf(groups), ...groups];
}

export function letterRows(model: Model): readonly LetterRow[] {
  return dataOf(model, 'letters')?.letters ?? [];
}

/** As they were last brought into order; those that came since are the last. */
export function workerRows({ slices, workerOrder }: Model): readonly WorkerRow[] {
  return inOrderOf(slices.workers.data?.workers ?? [], ({ workerId }) => workerId, workerOrder);
}

const WORKER_KEYS: Readonly<Record<WorkerSort, (worker: WorkerRow) => number>> = {
  state: ({ alive }) => (alive ? 1 : 0),
  name: () => 0,
  busy: ({ running, concurrency }) => -running.length / Math.max(1, concurrency),
  'jobs/min': ({ jobsPerMinute }) => -(jobsPerMinute ?? -1),
  failures: ({ failed, processed }) => -failed / Math.max(1, processed),
};

/** Their ids as the present numbers and the chosen sort would have them, those that are the same by name. */
export function sortedWorkerIds({ slices, workerSort }: Model): readonly string[] {
  const named = sortedBy(slices.workers.data?.workers ?? [], ({ workerId }) => workerId);
  return sortedBy(named, WORKER_KEYS[workerSort]).map(({ workerId }) => workerId);
}

/** Newest last. */
export function logRows(model: Model): readonly LogEntry[] {
  const wanted = model.log.filter.toLowerCase();
  if (wanted === '') return model.log.entries;
  return model.log.entries.filter((entry) => `${entry.kind} ${entry.jobId ?? ''} ${entry.jobType ?? ''} ${entry.worker ?? ''} ${entry.queue ?? ''} ${entry.text}`.toLowerCase().includes(wanted));
}

export function operationRows(model: Model): readonly OperationRow[] {
  return model.slices.operations.data?.operations ?? [];
}

export function ledgerRows(model: Model): readonly LedgerRow[] {
  return dataOf(model, 'operation')?.entries ?? [];
}

/** The ids of a list's rows, in the order shown. */
export function idsOf(model: Model, list: ListName): readonly string[] {
  switch (list) {
    case 'overview':
      return queueRows(model).map(({ name }) => name);
    case 'jobs':
      return jobRows(model).map(({ jobId }) => jobId);
    case 'groups':
      return groupRows(model).map(({ name }) => name);
    case 'letters':
      return letterRows(model).map(({ id }) => id);
    case 'workers':
      return workerRows(model).map(({ workerId }) => workerId);
    case 'log':
      return logRows(model).map(({ id }) => id);
    case 'operations':
      return operationRows(model).map(({ id }) => id);
    case 'operation':
      return ledgerRows(model).map(({ id }) => id);
  }
}

/** The row that the cursor is on. */
export function selectedOf<T>(rows: readonly T[], idOf: (row: T) => string, selected: string | null): T | undefined {
  return selected === null ? undefined : rows.find((row) => idOf(row) === selected);
}

function allOf(groups: readonly GroupRow[]): GroupRow {
  return {
    name: ALL_GROUPS,
    reason: 'all reasons',
    count: groups.reduce((sum, { count }) => sum + count, 0),
    firstSeenAt: Math.min(...groups.map(({ firstSeenAt }) => firstSeenAt)),
    lastSeenAt: Math.max(...groups.map(({ lastSeenAt }) => lastSeenAt)),
    types: [...new Set(groups.flatMap(({ types }) => types))].sort(),
    queues: [...new Set(groups.flatMap(({ queues }) => queues))].sort(),
  };
}

function sortedQueues(queues: readonly QueueStat[], sort: QueueSort): readonly QueueStat[] {
  if (sort === 'name') return sortedBy(queues, ({ name }) => name);
  return sortedBy(queues, (queue) => (sort === 'depth' ? -depthOf(queue) : -queue.deadLetter));
}

function inOrderOf<T>(rows: readonly T[], idOf: (row: T) => string, order: readonly string[]): readonly T[] {
  const places = new Map(order.map((id, index) => [id, index]));
  return sortedBy(rows, (row) => places.get(idOf(row)) ?? places.size);
}

function sortedBy<T>(rows: readonly T[], keyOf: (row: T) => number | string): readonly T[] {
  const keyed = rows.map((row) => ({ row, key: keyOf(row) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ row }) => row);
}
