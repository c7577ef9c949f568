// JobStore over the tables of one file: each method is one write operation or one read.

import type { Job, JobId } from '../../domain/job.js';
import type { Change } from '../../domain/lifecycle.js';
import type { Clock } from '../../ports/clock.js';
import type {
  AttemptRef,
  ChildCounts,
  InsertOutcome,
  JobPage,
  JobStore,
  ListJobs,
  NewJobEntry,
  OpenWork,
  PrunedJob,
} from '../../ports/job-store.js';
import type { Delivery } from '../../ports/message-queue.js';
import { prepared } from '../connection-sqlite/prepared.js';
import { countChildren, countOpenWork, findStrandedParents } from './job-counts.js';
import { insertJobs } from './job-insert.js';
import { listJobs } from './job-list.js';
import { pruneJobs, type PruneRequest } from './job-prune.js';
import { encodeProgress } from './job-rows.js';
import { saveJob, saveKnownJob } from './job-save.js';
import { findBySuffix } from './job-suffix.js';
import { type JobTransaction, readStoredJob, type StoredJob } from './job-transaction.js';
import { KnownJobs } from './known-jobs.js';
import type { Reader } from './reader.js';
import { SqliteDelivery } from './sqlite-delivery.js';
import type { Writer } from './writer.js';

export interface SqliteJobStoreParts {
  readonly writer: Writer;
  readonly reader: Reader;
  readonly transaction: JobTransaction;
  readonly clock: Clock;
}

export class SqliteJobStore implements JobStore {
  readonly storeId: string;
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #transaction: JobTransaction;
  readonly #clock: Clock;
  readonly #known = new KnownJobs();

  constructor({ writer, reader, transaction, clock }: SqliteJobStoreParts) {
    this.storeId = transaction.storeId;
    this.#writer = writer;
    this.#reader = reader;
    this.#transaction = transaction;
    this.#clock = clock;
  }

  /** The whole array in one transaction: a process that dies here has stored all of it or nothing. */
  insert(entries: readonly NewJobEntry[]): Promise<InsertOutcome[]> {
    return this.#writer.write(() => insertJobs(this.#transaction, entries));
  }

  async get(jobId: JobId): Promise<Job | undefined> {
    const stored = await this.#reader.read((db) => readStoredJob(db, jobId));
    this.#known.remember(stored);
    return stored?.job;
  }

  findBySuffix(suffix: string, limit: number): Promise<JobId[]> {
    return findBySuffix(this.#reader, suffix, limit);
  }

  list(query: ListJobs): Promise<JobPage> {
    return listJobs(this.#reader, query, this.#clock.now());
  }

  save(change: Change, settles?: Delivery): Promise<Job> {
    const isOurs = settles instanceof SqliteDelivery && settles.isOf(this.#transaction.broker);
    return isOurs ? this.#saveAndComplete(change, settles) : this.#save(change, this.#known.take(change.job.jobId));
  }

  async #save(change: Change, known: StoredJob | undefined): Promise<Job> {
    const { saved, job } = await this.#writer.write(() => this.#saveWithin(change, known));
    this.#known.remember(saved);
    return job;
  }

  /** One transaction: a process that dies here has done both or nothing. */
  async #saveAndComplete(change: Change, delivery: SqliteDelivery): Promise<Job> {
    let completed = false;
    const { job } = await this.#writer.write(() => {
      const done = this.#saveWithin(change, delivery.saved);
      completed = delivery.completeWithin();
      return done;
    });
    if (completed) delivery.committed();
    return job;
  }

  /** `saved`: the job as it is known from now on, where it was known before. */
  #saveWithin(change: Change, known: StoredJob | undefined): { job: Job; saved: StoredJob | undefined } {
    const saved = known === undefined ? undefined : saveKnownJob(this.#transaction, change, known);
    return { job: saved?.job ?? saveJob(this.#transaction, change), saved };
  }

  /** Counts as a save for the version check: nobody overwrites newer progress with what he read before. */
  saveProgress({ jobId, runEpoch }: AttemptRef, progress: NonNullable<Job['progress']>): Promise<boolean> {
    const text = encodeProgress(progress);
    return this.#writer.write((db) => {
      const { changes } = prepared(db, UPDATE_PROGRESS).run(text, this.#clock.now(), jobId, runEpoch);
      return changes === 1;
    });
  }

  cancelRequested(jobIds: readonly JobId[]): Promise<JobId[]> {
    const ids = JSON.stringify(jobIds);
    return this.#reader.read((db) => prepared<{ id: string }>(db, SELECT_CANCEL_REQUESTED).all(ids).map(({ id }) => id));
  }

  childrenOf(parentJobId: JobId): Promise<ChildCounts> {
    return this.#reader.read((db) => countChildren(db, parentJobId));
  }

  strandedParents(limit: number): Promise<JobId[]> {
    return this.#reader.read((db) => findStrandedParents(db, limit));
  }

  openWork(queues: readonly string[]): Promise<OpenWork> {
    return this.#reader.read((db) => countOpenWork(db, queues, this.#clock.now(), this.#transaction.outbox !== undefined));
  }

  prune(request: PruneRequest): Promise<PrunedJob[]> {
    return this.#writer.write((db) => pruneJobs(db, this.#transaction.tallies, request));
  }
}

const UPDATE_PROGRESS = `UPDATE jobs SET progress = ?, updated_at = ?, version = version + 1 WHERE id = ? AND run_epoch = ? AND status = 'Running'`;

const SELECT_CANCEL_REQUESTED = `
  SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?)) AND status = 'Running' AND cancel_requested_at IS NOT NULL`;
