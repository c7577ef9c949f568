// Looks into the database outside of write transactions. Readers never wait for writers in WAL mode; only while another
// process repairs the log after a crash, or removes it as the last one to close, a look has to be repeated.

import type { Database } from 'better-sqlite3';

import { type LockWait, lockWait, retryWhileBusy } from './lock-wait.js';
import { isBusy, toAppError } from './sqlite-errors.js';

export class Reader {
  readonly #db: Database;
  readonly #wait: LockWait;

  constructor(db: Database, wait: Partial<LockWait> = {}) {
    this.#db = db;
    this.#wait = lockWait(wait);
  }

  /** The query's value; it may run several times. It sees every commit made before the call. */
  async read<T>(query: (db: Database) => T): Promise<T> {
    try {
      return query(this.#db);
    } catch (error) {
      if (!isBusy(error)) throw toAppError(error, this.#db.name);
    }
    try {
      return await retryWhileBusy(() => query(this.#db), this.#wait);
    } catch (error) {
      throw toAppError(error, this.#db.name);
    }
  }
}
