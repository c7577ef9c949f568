// Opens the SQLite backend: store, queues, dead letters and everything around them over one file and one connection.

import type { Database } from 'better-sqlite3';

import type { Backend } from '../../ports/backend.js';
import type { Clock } from '../../ports/clock.js';
import type { QueueSettings } from '../../ports/queue-admin.js';
import { Broker } from './broker/broker.js';
import { SqliteCheckpoints } from './checkpoints.js';
import { SqliteJobCounters } from './counters.js';
import { openDatabase, prepared } from './database.js';
import { SqliteDeadLetterQueue } from './dead-letter-queue.js';
import { SqliteEventLog } from './events.js';
import { SqliteJobLog } from './job-log.js';
import { recordMoved } from './job-moved.js';
import { SqliteJobStore } from './job-store.js';
import type { JobTransaction } from './job-transaction.js';
import type { LockWait } from './lock-wait.js';
import { SqliteMessageQueue } from './message-queue.js';
import { APPLICATION_ID, MIGRATIONS } from './migrations.js';
import { SqliteQueueAdmin } from './queue-admin.js';
import { Reader } from './reader.js';
import { Tallies } from './tally.js';
import { Waker } from './waker.js';
import { SqliteWorkerRegistry } from './workers.js';
import { Writer } from './writer.js';

export interface OpenSqlite {
  readonly file: string;
  /** Queues that exist from the first open; one that exists already keeps its settings. */
  readonly queues: readonly QueueSettings[];
  readonly clock: Clock;
  readonly random: () => number;
  /** How long to wait for another process's lock; for tests. */
  readonly lockWaitMs?: number;
}

export type SqliteBackend = Pick<
  Backend,
  'store' | 'queue' | 'deadLetters' | 'admin' | 'events' | 'counters' | 'jobLog' | 'checkpoints' | 'workers'
> & {
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
  { clock }: OpenSqlite,
  wait: Partial<LockWait>,
): Promise<SqliteBackend & { hasQueue(name: string): Promise<boolean> }> {
  const tallies = new Tallies();
  const writer = new Writer(db, { ...wait, collector: tallies });
  const reader = new Reader(db, wait);
  const waker = new Waker(db, () => writer.fileProblem());
  writer.afterCommit(() => waker.poke());
  const transaction = openTransaction(db, tallies, clock, await readStoreId(reader));
  const { broker } = transaction;
  return {
    store: new SqliteJobStore({ writer, reader, transaction, clock }),
    queue: new SqliteMessageQueue({ writer, reader, broker, clock, notice: waker }),
    deadLetters: new SqliteDeadLetterQueue({ writer, reader, broker, clock }),
    admin: new SqliteQueueAdmin({ writer, reader, broker, clock }),
    events: new SqliteEventLog(reader, waker),
    counters: new SqliteJobCounters(reader),
    jobLog: new SqliteJobLog(writer, reader),
    checkpoints: new SqliteCheckpoints(writer, reader),
    workers: new SqliteWorkerRegistry(writer, reader, clock),
    hasQueue: (name) => reader.read(() => broker.hasQueue(name)),
    close: async () => {
      await writer.idle();
      waker.close();
      db.close();
    },
  };
}

/** The broker tells the counters and the jobs what it did; they answer within its transaction. */
function openTransaction(db: Database, tallies: Tallies, clock: Clock, storeId: string): JobTransaction {
  const broker: Broker = new Broker(db, {
    counted: (queue, state, delta) => tallies.add(delta, 'messages', queue, state),
    moved: (messages) => recordMoved(transaction, messages),
  });
  const transaction: JobTransaction = { db, broker, tallies, clock, storeId };
  return transaction;
}

async function readStoreId(reader: Reader): Promise<string> {
  const row = await reader.read((db) => prepared<{ value: string }>(db, "SELECT value FROM meta WHERE key = 'storeId'").get());
  if (row === undefined) throw new Error('the database has no storeId');
  return row.value;
}
