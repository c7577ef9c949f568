// Group commit: the write operations asked for in one turn of the event loop run in order in one transaction and share
// its one flush to disk. Which statements they run is their callers' business; this is the only place that begins,
// commits and rolls back after the file is open.

import type { Database, Statement } from 'better-sqlite3';

import { AppError } from '../../domain/errors.js';
import { FilePresence } from './file-presence.js';
import { type LockWait, lockWait, nextDelayMs } from './lock-wait.js';
import { isBusy, toAppError } from './sqlite-errors.js';

/** A transaction takes no further operation after this time, so that the event loop and other processes get their turn. */
const LONGEST_TRANSACTION_MS = 25;

/**
 * Collects what belongs to the transaction but is written once at its end, such as counters. What is collected by an
 * operation counts when the operation was kept.
 */
export interface TransactionCollector {
  /** The operation that just ran is part of the transaction. */
  keep(): void;
  /** The operation was refused, or everything was rolled back: forget all that is not kept, or all of it. */
  drop(what: 'operation' | 'transaction'): void;
  /** The last statements before COMMIT; afterwards nothing is collected. */
  flush(db: Database): void;
}

interface Operation {
  run(db: Database): unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  readonly askedAt: number;
  readonly lasting: boolean;
  /** What it returned, in the transaction at hand. */
  value: unknown;
  /** Its transaction failed once together with others; now it has one of its own. */
  alone: boolean;
  /** Why the operation itself said no in the transaction at hand. */
  refusal: AppError | undefined;
}

export class Writer {
  readonly #db: Database;
  readonly #collector: TransactionCollector;
  readonly #wait: LockWait;
  readonly #presence: FilePresence;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #committed = new Set<() => void>();
  readonly #idle: (() => void)[] = [];
  #queue: Operation[] = [];
  #scheduled = false;
  #lockAttempts = 0;
  /** As the connection was opened. */
  #waitsForDisk = true;
  /** Once the file is gone nothing more can be saved by this connection. */
  #gone: AppError | undefined;

  constructor(db: Database, options: { collector: TransactionCollector } & Partial<LockWait>) {
    this.#db = db;
    this.#collector = options.collector;
    this.#wait = lockWait(options);
    this.#presence = new FilePresence(db.name);
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
  }

  /**
   * Runs the operation inside a transaction and resolves with its value after COMMIT: what it wrote is on disk.
   * The operation is synchronous. It may throw an AppError before it has written anything, which refuses only itself.
   * Any other error undoes the whole transaction; then each of its operations runs again in a transaction of its own.
   * So an operation may run twice, from the same state of the file, and must keep nothing in memory from its first run.
   * DB_BUSY when another process holds the lock for 10 s; DB_FULL, DB_IO, DB_GONE, …: nothing was saved.
   *
   * `lasting: false`: what it writes survives the process, and a power cut only once something lasting was written after
   * it. For what a restart takes back anyway; a transaction of nothing else does not wait for the disk.
   */
  write<T>(operation: (db: Database) => T, { lasting = true }: { readonly lasting?: boolean } = {}): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      const askedAt = this.#wait.clock.monotonic();
      this.#queue.push({ run: operation, resolve, reject, askedAt, lasting, value: undefined, alone: false, refusal: undefined });
      this.#schedule();
    }) as Promise<T>;
  }

  /** Calls the listener after every commit of this connection. Returns how to stop. */
  afterCommit(listener: () => void): () => void {
    this.#committed.add(listener);
    return () => this.#committed.delete(listener);
  }

  /** DB_GONE when the file is not at its place any more; from then on every write is refused with it. */
  fileProblem(): AppError | undefined {
    return (this.#gone ??= this.#presence.problem());
  }

  /** Resolves when everything asked for so far is committed or refused. */
  async idle(): Promise<void> {
    while (this.#queue.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    if (this.#takeLock()) this.#transact();
    if (this.#queue.length > 0) this.#schedule();
    else for (const resolve of this.#idle.splice(0)) resolve();
  };

  /** False when there is no transaction: the lock is held elsewhere, or the connection cannot write. */
  #takeLock(): boolean {
    if (this.#gone === undefined) {
      try {
        // What is asked for from now on is for the next transaction.
        this.#waitForDisk(this.#queue.some(({ lasting }) => lasting));
        this.#begin.run();
        this.#lockAttempts = 0;
        return true;
      } catch (error) {
        if (isBusy(error)) this.#waitForLock(error);
        else this.#refuse(this.#queue.splice(0), error);
        return false;
      }
    }
    this.#refuse(this.#queue.splice(0), this.#gone);
    return false;
  }

  /** Cannot be changed inside a transaction. The file is sound either way. */
  #waitForDisk(waits: boolean): void {
    if (this.#waitsForDisk === waits) return;
    // Takes effect while it is compiled, so a statement that is kept would do it once.
    this.#db.exec(waits ? 'PRAGMA synchronous = FULL' : 'PRAGMA synchronous = NORMAL');
    this.#waitsForDisk = waits;
  }

  #waitForLock(error: unknown): void {
    const latest = this.#wait.clock.monotonic() - this.#wait.waitMs;
    const overdue = this.#queue.filter((operation) => operation.askedAt <= latest);
    this.#queue = this.#queue.filter((operation) => operation.askedAt > latest);
    this.#refuse(overdue, error);
    if (this.#queue.length === 0) return;
    this.#lockAttempts += 1;
    this.#scheduled = true;
    void this.#wait.clock.sleep(nextDelayMs(this.#lockAttempts, this.#wait.random)).then(this.#flush);
  }

  #transact(): void {
    const taken: Operation[] = [];
    try {
      this.#runOperations(taken);
      this.#collector.flush(this.#db);
      this.#commit.run();
      // A commit into a file without a name is no commit: what it wrote disappears with this process.
      const problem = this.fileProblem();
      if (problem !== undefined) throw problem;
    } catch (error) {
      this.#undo();
      this.#tryAlone(taken, error);
      return;
    }
    for (const operation of taken) {
      // A refusal is told only now: it may rest on what its neighbours wrote in this transaction.
      if (operation.refusal === undefined) operation.resolve(operation.value);
      else operation.reject(operation.refusal);
    }
    for (const listener of this.#committed) listener();
  }

  /** Moves operations from the queue to `taken`, the one that fails included. */
  #runOperations(taken: Operation[]): void {
    const until = this.#wait.clock.monotonic() + LONGEST_TRANSACTION_MS;
    try {
      for (const operation of this.#queue) {
        if (operation.alone && taken.length > 0) break;
        taken.push(operation);
        this.#runOne(operation);
        if (operation.alone || this.#wait.clock.monotonic() > until) break;
      }
    } finally {
      this.#queue.splice(0, taken.length);
    }
  }

  #runOne(operation: Operation): void {
    operation.refusal = undefined;
    try {
      operation.value = operation.run(this.#db);
      this.#collector.keep();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      operation.refusal = error;
      this.#collector.drop('operation');
    }
  }

  /** After some failures (disk full, I/O) SQLite has rolled back by itself. */
  #undo(): void {
    this.#collector.drop('transaction');
    if (!this.#db.open || !this.#db.inTransaction) return;
    try {
      this.#db.exec('ROLLBACK');
    } catch {
      // The transaction's own error is the one to report; BEGIN will fail and tell if the connection is beyond use.
    }
  }

  /**
   * Nothing of the transaction was committed, so running each of its operations once more is the first time for the
   * file; one that cannot succeed then fails alone. An operation that had its own transaction has failed for good.
   */
  #tryAlone(taken: Operation[], error: unknown): void {
    if (this.#gone !== undefined || taken.length === 1) {
      this.#refuse(taken, this.#gone ?? error);
      return;
    }
    for (const operation of taken) operation.alone = true;
    this.#queue.unshift(...taken);
  }

  #refuse(operations: readonly Operation[], error: unknown): void {
    const known = toAppError(error, this.#db.name);
    for (const operation of operations) operation.reject(known);
  }
}
