// Looks into the database outside of write transactions. Readers never wait for writers in WAL mode; only while another
// process repairs the log after a crash, or removes it as the last one to close, a look has to be repeated.

import type { Database, Statement } from 'better-sqlite3';

import { type LockWait, lockWait, retryWhileBusy } from './lock-wait.js';
import { isBusy, toAppError } from './sqlite-errors.js';

export class Reader {
  readonly #db: Database;
  readonly #wait: LockWait;
  readonly #begin: Statement;
  readonly #end: Statement;

  constructor(db: Database, wait: Partial<LockWait> = {}) {
    this.#db = db;
    this.#wait = lockWait(wait);
    this.#begin = db.prepare('BEGIN');
    this.#end = db.prepare('COMMIT');
  }

  /**
   * The query's value; it may run several times. It sees every commit that this process made before the call, and every
   * one of another process that this process can know of.
   */
  async read<T>(query: (db: Database) => T): Promise<T> {
    try {
      this.#shareSnapshot();
      return query(this.#db);
    } catch (error) {
      if (!isBusy(error)) throw toAppError(error, this.#db.name);
      this.#endSnapshot();
    }
    try {
      return await retryWhileBusy(() => query(this.#db), this.#wait);
    } catch (error) {
      throw toAppError(error, this.#db.name);
    }
  }

  /**
   * The reads of one run of the event loop's code share one transaction: beginning and ending one costs as much as
   * reading a job. It ends before anything else runs, the Writer included.
   */
  #shareSnapshot(): void {
    if (this.#db.inTransaction) return;
    this.#begin.run();
    queueMicrotask(this.#endSnapshot);
  }

  readonly #endSnapshot = (): void => {
    if (this.#db.open && this.#db.inTransaction) this.#end.run();
  };
}
