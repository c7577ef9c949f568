// JobStore: the truth about jobs. Every change of a job goes through insert or save, each all or nothing.
// No connection, transaction, query text or key crosses this port.

import type { Job, JobChildren, JobId, JobStatus } from '../domain/job.js';
import type { Change } from '../domain/lifecycle.js';
import type { WhereExpression } from '../domain/where/ast.js';
import type { Delivery } from './message-queue.js';

export interface JobStore {
  /** Names this store in the messages it sends; a worker on another store refuses them. Never changes. */
  readonly storeId: string;

  /**
   * Stores new jobs, each with its first event and its message, each all or nothing. A backend that can does the whole
   * array in one step. When this resolves, nothing of it can be lost.
   * An idempotency record is written first and kept as long as its job; the same key with the same hash answers with
   * the stored job, with another hash `conflict`. An id that exists changes nothing and answers `duplicate`.
   * QUEUE_UNKNOWN, and nothing of the array is stored, when the store can tell that an entry's queue does not exist.
   */
  insert(entries: readonly NewJobEntry[]): Promise<InsertOutcome[]>;

  get(jobId: JobId): Promise<Job | undefined>;

  /** Ids that end with these characters, newest first, at most `limit`. */
  findBySuffix(suffix: string, limit: number): Promise<JobId[]>;

  /** Newest first by (createdAt, jobId). Pages never repeat or skip a job that existed when the first page was read. */
  list(query: ListJobs): Promise<JobPage>;

  /**
   * Stores the changed job, its event and its message, together or not at all, if nobody saved the job since
   * `change.job.version` was read; otherwise (also when it was deleted) JOB_CONFLICT and nothing is stored. Returns the
   * job as stored (next version; `queueMode` is `local` when its message is on the queue by now). What was submitted
   * (payload, payloadRef, instructions, …) is stored again only with a `replayed` event. QUEUE_UNKNOWN as in insert.
   * `settles` is the delivery whose message is to be completed after this change. A store that shares its file with the
   * queue completes it in the same step and `settles.isCompleted` says so; with any other store, or when the lock is
   * lost, it is left to the caller.
   */
  save(change: Change, settles?: Delivery): Promise<Job>;

  /** Saves progress of a running attempt without an event, with the next version; false when the attempt is not the job's any more. */
  saveProgress(attempt: AttemptRef, progress: NonNullable<Job['progress']>): Promise<boolean>;

  /** Which of these running jobs have a cancel request. */
  cancelRequested(jobIds: readonly JobId[]): Promise<JobId[]>;

  /** Counts over the set of child jobs as they are stored now. */
  childrenOf(parentJobId: JobId): Promise<ChildCounts>;

  /** Parents whose children have all ended and whose continuation was not sent: what a crash between the two leaves. */
  strandedParents(limit: number): Promise<JobId[]>;

  /**
   * Work that is not over for these queues: messages ready or locked, retries that are scheduled, parents that wait,
   * messages that are not sent yet (as `ready`). `delayed` counts first attempts that are due later than now. A store whose
   * queue is another system answers by what it knows: jobs that run are `locked`, retries are among the `ready` ones.
   */
  openWork(queues: readonly string[]): Promise<OpenWork>;

  /** Deletes ended jobs last changed before `before`, with their events, logs and checkpoints, oldest (by creation) first, at most `limit`. */
  prune(params: { before: number; limit: number; statuses?: readonly JobStatus[] }): Promise<PrunedJob[]>;
}

export interface NewJobEntry extends Change {
  readonly idempotency?: { readonly key: string; readonly requestHash: string };
}

export type InsertOutcome =
  | { readonly kind: 'inserted'; readonly job: Job }
  | { readonly kind: 'duplicate'; readonly job: Job }
  | { readonly kind: 'conflict'; readonly jobId: JobId };

/** One attempt of one job: saves made under another epoch are refused. */
export interface AttemptRef {
  readonly jobId: JobId;
  readonly runEpoch: number;
}

export interface JobFilter {
  readonly statuses?: readonly JobStatus[];
  readonly types?: readonly string[];
  readonly queues?: readonly string[];
  readonly userId?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Inclusive. */
  readonly createdFrom?: number;
  /** Exclusive. */
  readonly createdBefore?: number;
  readonly parentJobId?: JobId;
  readonly where?: WhereExpression;
}

export interface ListJobs {
  readonly filter: JobFilter;
  readonly limit: number;
  readonly cursor?: string;
  /**
   * A store that charges for each job it reads ends the page when it has looked at so many, full or not; `nextCursor` then
   * goes on behind them. Without it, it looks until the page is full.
   */
  readonly maxScanned?: number;
  /** Called now and then while many jobs have to be looked at. */
  readonly onScanned?: (scanned: number) => void;
  readonly signal?: AbortSignal;
}

export interface JobPage {
  readonly jobs: readonly Job[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

export interface ChildCounts extends JobChildren {
  /** Children stored so far, ended or not; `expected` is what the parent announced. */
  readonly stored: number;
}

export interface OpenWork {
  readonly ready: number;
  readonly locked: number;
  readonly retries: number;
  readonly awaitingChildren: number;
  readonly delayed: number;
}

export interface PrunedJob {
  readonly jobId: JobId;
  /** Keys of files that only this job named. */
  readonly blobKeys: readonly string[];
}
