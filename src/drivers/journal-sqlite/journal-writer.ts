// Group commit: writes asked for in one turn of the event loop become one transaction, so that many entries in flight
// cost one flush to disk.

import type { Database } from 'better-sqlite3';

import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import { isBusy, journalError } from './journal-errors.js';

interface Pending {
  readonly run: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const RETRY_FOR_MS = 10_000;
const RETRY_PAUSE_MS = 20;

export class JournalWriter {
  #queue: Pending[] = [];
  #working: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly file: string,
    private readonly clock: Clock,
  ) {}

  /**
   * Runs the write and resolves when it is on disk. It may throw an AppError before it has written anything: its own
   * caller alone hears of it. Any other error undoes the whole transaction and reaches all who were in it.
   */
  write<T>(operation: (database: Database) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let value: T;
      let refusal: AppError | undefined;
      this.#queue.push({
        run: () => {
          refusal = undefined;
          try {
            value = operation(this.database);
          } catch (error) {
            if (!(error instanceof AppError)) throw error;
            refusal = error;
          }
        },
        resolve: () => (refusal === undefined ? resolve(value) : reject(refusal)),
        reject,
      });
      this.#working ??= this.#work();
    });
  }

  /** Resolves when nothing is left to write. */
  async idle(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      const batch = this.#queue;
      this.#queue = [];
      try {
        await this.#commit(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        const known = journalError(error, this.file);
        for (const { reject } of batch) reject(known);
      }
    }
    this.#working = undefined;
  }

  async #commit(batch: readonly Pending[]): Promise<void> {
    const transaction = this.database.transaction(() => {
      for (const { run } of batch) run();
    });
    const giveUpAt = this.clock.monotonic() + RETRY_FOR_MS;
    for (;;) {
      try {
        transaction.immediate();
        return;
      } catch (error) {
        if (!isBusy(error) || this.clock.monotonic() >= giveUpAt) throw error;
        await this.clock.sleep(RETRY_PAUSE_MS);
      }
    }
  }
}
