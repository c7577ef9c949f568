// The audit log, in the file of the operation journal.

import { randomBytes } from 'node:crypto';

import type { Clock } from '../../ports/clock.js';
import type { AuditedChange, AuditLog, ChangeOutcome, NewAuditedChange } from '../../ports/audit-log.js';
import { prepared } from '../connection-sqlite/prepared.js';
import { JournalFile } from './journal-file.js';

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
  readonly #journal: JournalFile;

  constructor(settings: { readonly file: string; readonly clock: Clock }) {
    this.#journal = new JournalFile(settings);
  }

  async begin(change: NewAuditedChange): Promise<string> {
    // `C` for change; two machines never write into one file, so this much chance is enough.
    const id = `C${randomBytes(5).toString('hex')}`;
    await this.#journal.writer.write((db) => {
      prepared(db, 'INSERT INTO changes (id, at, doc) VALUES (?, ?, ?)').run(id, change.at, JSON.stringify(change));
    });
    return id;
  }

  async end(id: string, outcome: ChangeOutcome): Promise<void> {
    await this.#journal.writer.write((db) => {
      prepared(db, 'UPDATE changes SET outcome = ? WHERE id = ?').run(JSON.stringify(outcome), id);
    });
  }

  list({ limit, cursor }: { readonly limit: number; readonly cursor?: string }): Promise<readonly AuditedChange[]> {
    return this.#journal.read((db) =>
      prepared<ChangeRow>(db, 'SELECT * FROM changes WHERE seq < ? ORDER BY seq DESC LIMIT ?')
        .all(cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor), limit)
        .map(changeOf),
    );
  }

  async sweep(before: number): Promise<number> {
    return this.#journal.writer.write((db) => prepared(db, 'DELETE FROM changes WHERE at < ?').run(before).changes);
  }

  close(): Promise<void> {
    return this.#journal.close();
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
