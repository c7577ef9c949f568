// Opens the SQLite backend: store, queues, dead letters and everything around them over one file and one connection.

import { randomUUID } from 'node:crypto';

import type { Database } from 'better-sqlite3';

import type { Backend } from '../../ports/backend.js';
import type { Clock } from '../../ports/clock.js';
import type { JobsElsewhere } from '../../ports/jobs-elsewhere.js';
import type { QueueSettings } from '../../ports/queue-admin.js';
import type { QueuePauses } from '../../ports/queue-pauses.js';
import { Broker } from './broker/broker.js';
import { SqliteCheckpoints } from './checkpoints.js';
import { SqliteJobCounters } from './counters.js';
import { prepared } from '../connection-sqlite/prepared.js';
import { openDatabase } from './database.js';
import { SqliteDeadLetterQueue } from './dead-letter-queue.js';
import { SqliteEventLog } from './events.js';
import { SqliteJobLog } from './job-log.js';
import { recordMoved } from './job-moved.js';
import { SqliteJobStore } from './job-store.js';
import type { JobTransaction } from './job-transaction.js';
import { SqliteJobsElsewhere } from './jobs-elsewhere.js';
import type { LockWait } from './lock-wait.js';
import { SqliteMessageQueue } from './message-queue.js';
import { APPLICATION_ID, MIGRATIONS } from './migrations.js';
import { SqliteOutbox } from './outbox.js';
import { adoptOutbox } from './outbox-adopt.js';
import { OutboxRows } from './outbox-rows.js';
import { SqliteQueueAdmin } from './queue-admin.js';
import { SqliteQueuePauses } from './queue-pauses.js';
import { Reader } from './reader.js';
import { Tallies } from './tally.js';
import { Waker } from './waker.js';
import { SqliteWatchedJobs } from './watched-jobs.js';
import { SqliteWorkerRegistry } from './workers.js';
import { Writer } from './writer.js';

export interface OpenSqlite {
  readonly file: string;
  /** Queues that exist from the first open; one that exists already keeps its settings. */
  readonly queues: readonly QueueSettings[];
  readonly clock: Clock;
  readonly random: () => number;
  /**
   * Where messages go: on the queues of this file (the default), or into the outbox, for a queue that is another system.
   * A file may change between the two: see SqliteBackend.
   */
  readonly messages?: 'own-queue' | 'outbox';
  /** Names this process as the creator of outbox entries; no two processes may have the same. Default: chance. */
  readonly owner?: string;
  /** How long to wait for another process's lock; for tests. */
  readonly lockWaitMs?: number;
}

/**
 * `queue`, `deadLetters` and `admin` are those of this file, in either mode. With `messages: 'outbox'` there are `outbox`
 * and `watched` too; what the file's queues still have is theirs until a worker takes it. Otherwise there is
 * `adoptOutbox`, for what the other mode left.
 */
export type SqliteBackend = Pick<
  Backend,
  'store' | 'queue' | 'deadLetters' | 'admin' | 'events' | 'counters' | 'jobLog' | 'checkpoints' | 'workers' | 'outbox' | 'watched' | 'adoptOutbox'
> & {
  readonly pauses: QueuePauses;
  /** Jobs whose messages the other mode sent elsewhere, or is to. */
  readonly elsewhere: JobsElsewhere;
  /** Waits for what was asked for and closes the file; the last process to do so folds the log into it. */
  close(): Promise<void>;
};

/** Errors as openDatabase. Nothing is watched and nothing runs until it is asked for. */
export async function openSqliteBackend(options: OpenSqlite): Promise<SqliteBackend> {
  const wait: Partial<LockWait> = { random: options.random, ...(options.lockWaitMs === undefined ? {} : { waitMs: options.lockWaitMs }) };
  const db = await openDatabase({ ...wait, file: options.file, applicationId: APPLICATION_ID, migrations: MIGRATIONS });
  try {
    const backend = await assemble(db, options, wait);
    for (const queue of options.queues) {
      if (!(await backend.hasQueue(queue.name))) await backend.admin.create(queue);
    }
    return backend;
  } catch (error) {
    db.close();
    throw error;
  }
}

async function assemble(
  db: Database,
  options: OpenSqlite,
  wait: Partial<LockWait>,
): Promise<SqliteBackend & { hasQueue(name: string): Promise<boolean> }> {
  const { clock } = options;
  const tallies = new Tallies();
  const writer = new Writer(db, { ...wait, collector: tallies });
  const reader = new Reader(db, wait);
  const waker = new Waker(db, { clock, fileProblem: () => writer.fileProblem() });
  writer.afterCommit(() => waker.poke());
  const transaction = openTransaction(db, tallies, options, await readStoreId(reader));
  const { broker } = transaction;
  return {
    store: new SqliteJobStore({ writer, reader, transaction, clock }),
    queue: new SqliteMessageQueue({ writer, reader, broker, clock, notice: waker, jobs: transaction }),
    deadLetters: new SqliteDeadLetterQueue({ writer, reader, broker, clock }),
    admin: new SqliteQueueAdmin({ writer, reader, broker, clock }),
    events: new SqliteEventLog(reader, waker),
    counters: new SqliteJobCounters(reader),
    jobLog: new SqliteJobLog(writer, reader),
    checkpoints: new SqliteCheckpoints(writer, reader),
    workers: new SqliteWorkerRegistry(writer, reader, clock),
    pauses: new SqliteQueuePauses({ writer, reader, broker, clock }),
    elsewhere: new SqliteJobsElsewhere(reader),
    ...outboxPorts({ writer, reader, transaction }),
    hasQueue: (name) => reader.read(() => broker.hasQueue(name)),
    close: async () => {
      await writer.idle();
      waker.close();
      db.close();
    },
  };
}

/** The broker tells the counters and the jobs what it did; they answer within its transaction. */
function openTransaction(db: Database, tallies: Tallies, { clock, messages, owner }: OpenSqlite, storeId: string): JobTransaction {
  const broker: Broker = new Broker(db, {
    counted: (queue, state, delta) => tallies.add(delta, 'messages', queue, state),
    moved: (messages) => recordMoved(transaction, messages),
  });
  const outbox = messages === 'outbox' ? new OutboxRows(db, { tallies, clock, owner: owner ?? randomUUID() }) : undefined;
  const transaction: JobTransaction = { db, broker, tallies, clock, storeId, outbox };
  return transaction;
}

function outboxPorts(parts: { writer: Writer; reader: Reader; transaction: JobTransaction }): Pick<Backend, 'outbox' | 'watched' | 'adoptOutbox'> {
  const { outbox: rows } = parts.transaction;
  if (rows === undefined) return { adoptOutbox: () => adoptOutbox(parts) };
  return { outbox: new SqliteOutbox({ ...parts, rows }), watched: new SqliteWatchedJobs(parts) };
}

async function readStoreId(reader: Reader): Promise<string> {
  const row = await reader.read((db) => prepared<{ value: string }>(db, "SELECT value FROM meta WHERE key = 'storeId'").get());
  if (row === undefined) throw new Error('the database has no storeId');
  return row.value;
}
