// The audit log, in the file of the operation journal.

import { randomBytes } from 'node:crypto';
import type { Database } from 'better-sqlite3';

import type { Clock } from '../../ports/clock.js';
import type { AuditedChange, AuditLog, ChangeOutcome, NewAuditedChange } from '../../ports/audit-log.js';
import { journalError } from './journal-errors.js';
import { openJournalFile } from './journal-schema.js';
import { JournalWriter } from './journal-writer.js';

/** The first call opens the file, or makes it. */
export function openSqliteAuditLog(settings: { readonly file: string; readonly clock: Clock }): AuditLog {
  return new SqliteAuditLog(settings);
}

interface ChangeRow {
  readonly seq: number;
  readonly id: string;
  readonly doc: string;
  readonly outcome: string | null;
}

class SqliteAuditLog implements AuditLog {
  #opened: { readonly database: Database; readonly writer: JournalWriter } | undefined;

  constructor(private readonly settings: { readonly file: string; readonly clock: Clock }) {}

  async begin(change: NewAuditedChange): Promise<string> {
    // `C` for change; two machines never write into one file, so this much chance is enough.
    const id = `C${randomBytes(5).toString('hex')}`;
    await this.#open().writer.write((db) => {
      db.prepare('INSERT INTO changes (id, at, doc) VALUES (?, ?, ?)').run(id, change.at, JSON.stringify(change));
    });
    return id;
  }

  async end(id: string, outcome: ChangeOutcome): Promise<void> {
    await this.#open().writer.write((db) => {
      db.prepare('UPDATE changes SET outcome = ? WHERE id = ?').run(JSON.stringify(outcome), id);
    });
  }

  async list({ limit, cursor }: { readonly limit: number; readonly cursor?: string }): Promise<readonly AuditedChange[]> {
    try {
      return this.#open()
        .database.prepare<[number, number], ChangeRow>('SELECT * FROM changes WHERE seq < ? ORDER BY seq DESC LIMIT ?')
        .all(cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor), limit)
        .map(changeOf);
    } catch (error) {
      throw journalError(error, this.settings.file);
    }
  }

  async sweep(before: number): Promise<number> {
    return this.#open().writer.write((db) => db.prepare('DELETE FROM changes WHERE at < ?').run(before).changes);
  }

  async close(): Promise<void> {
    await this.#opened?.writer.idle();
    this.#opened?.database.close();
    this.#opened = undefined;
  }

  #open(): { readonly database: Database; readonly writer: JournalWriter } {
    if (this.#opened === undefined) {
      const { file, clock } = this.settings;
      const database = openJournalFile(file);
      this.#opened = { database, writer: new JournalWriter(database, file, clock) };
    }
    return this.#opened;
  }
}

/** Rows hold what `begin` and `end` were given. */
function changeOf({ seq, id, doc, outcome }: ChangeRow): AuditedChange {
  return {
    ...(JSON.parse(doc) as NewAuditedChange),
    id,
    cursor: String(seq),
    outcome: outcome === null ? null : (JSON.parse(outcome) as ChangeOutcome),
  };
}
