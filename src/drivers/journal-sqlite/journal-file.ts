// The journal's file, opened by the first call that needs it: commands that have nothing to do with dead letters pay nothing.

import type { Database } from 'better-sqlite3';

import type { Clock } from '../../ports/clock.js';
import { journalError } from './journal-errors.js';
import { openJournalFile } from './journal-schema.js';
import { JournalWriter } from './journal-writer.js';

interface Opened {
  readonly database: Database;
  readonly writer: JournalWriter;
}

export class JournalFile {
  readonly #settings: { readonly file: string; readonly clock: Clock };
  #opened: Opened | undefined;

  constructor(settings: { readonly file: string; readonly clock: Clock }) {
    this.#settings = settings;
  }

  /** Throws what `openJournalFile` throws. */
  get writer(): JournalWriter {
    return this.#open().writer;
  }

  /** What is committed by now; failures in the journal's codes. */
  async read<T>(query: (db: Database) => T): Promise<T> {
    try {
      return query(this.#open().database);
    } catch (error) {
      throw journalError(error, this.#settings.file);
    }
  }

  /** After what was written so far. */
  async close(): Promise<void> {
    await this.#opened?.writer.idle();
    this.#opened?.database.close();
    this.#opened = undefined;
  }

  #open(): Opened {
    if (this.#opened === undefined) {
      const { file, clock } = this.#settings;
      const database = openJournalFile(file);
      this.#opened = { database, writer: new JournalWriter(database, file, clock) };
    }
    return this.#opened;
  }
}
