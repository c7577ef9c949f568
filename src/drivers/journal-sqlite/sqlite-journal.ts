// The operation journal in a small SQLite file of its own, whatever backend holds jobs and queues.

import type { Database } from 'better-sqlite3';

import type { EntryState, LedgerCount, LedgerEntry } from '../../domain/dead-letters/operation.js';
import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { JournaledOperation, NewOperation, OperationJournal, OperationLease } from '../../ports/operation-journal.js';
import { prepared, preparedRaw } from '../connection-sqlite/prepared.js';
import { JournalFile } from './journal-file.js';
import { entryOf, operationDoc, operationOf, type EntryRow, type OperationRow } from './journal-rows.js';
import { isHeld, LEASE_MS, newHolder, SqliteOperationLease, takeLease, type Holder } from './operation-lease.js';

export interface JournalSettings {
  readonly file: string;
  readonly clock: Clock;
  /** Name of this machine and number of this process: the journal belongs to one machine, and leases name processes. */
  readonly host: string;
  readonly pid: number;
}

/** The first call opens the file, or makes it. */
export function openSqliteJournal(settings: JournalSettings): OperationJournal {
  return new SqliteJournal(settings);
}

class SqliteJournal implements OperationJournal {
  readonly #journal: JournalFile;

  constructor(private readonly settings: JournalSettings) {
    this.#journal = new JournalFile(settings);
  }

  async begin(operation: NewOperation): Promise<OperationLease> {
    const holder = newHolder(this.settings);
    const stored = { ...operation, state: 'planning', startedAt: null, finishedAt: null, matched: 0, before: 0, after: null, unexplained: null } as const;
    await this.#journal.writer.write((db) => {
      prepared(
        db,
        `INSERT INTO operations (id, state, created_at, restores, doc, lease_token, lease_host, lease_pid, lease_until)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(stored.id, stored.state, stored.createdAt, stored.restores, operationDoc(stored), holder.token, holder.host, holder.pid, this.#leaseEnd());
    });
    return this.#leaseOf(stored.id, holder);
  }

  async acquire(id: string): Promise<OperationLease> {
    const holder = newHolder(this.settings);
    await this.#journal.writer.write((db) => {
      const row = findRow(db, id);
      if (row === undefined) throw notFound(id);
      if (isHeld(row, this.settings)) throw busy(row);
      takeLease(db, row.seq, holder, this.#leaseEnd());
    });
    return this.#leaseOf(id, holder);
  }

  find(id: string): Promise<JournaledOperation | undefined> {
    return this.#journal.read((db) => {
      const row = findRow(db, id);
      return row === undefined ? undefined : this.#journaled(row);
    });
  }

  list(params: { limit: number; cursor?: string }): Promise<{ operations: readonly JournaledOperation[]; nextCursor: string | null }> {
    return this.#journal.read((db) => {
      const before = params.cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(params.cursor);
      const rows = prepared<OperationRow>(db, `SELECT * FROM operations WHERE seq < ? AND state <> 'planning' ORDER BY seq DESC LIMIT ?`)
        .all(before, params.limit + 1);
      const page = rows.slice(0, params.limit);
      const last = page.at(-1);
      return {
        operations: page.map((row) => this.#journaled(row)),
        nextCursor: rows.length > page.length && last !== undefined ? String(last.seq) : null,
      };
    });
  }

  entries(params: { operation: string; states?: readonly EntryState[]; afterIndex?: number; limit: number }): Promise<readonly LedgerEntry[]> {
    const states = params.states ?? ['planned', 'done', 'skipped', 'failed'];
    return this.#journal.read((db) =>
      prepared<EntryRow>(
        db,
        `SELECT * FROM entries WHERE operation = (SELECT seq FROM operations WHERE id = ?) AND idx > ?
         AND state IN (SELECT value FROM json_each(?)) ORDER BY idx LIMIT ?`,
      )
        .all(params.operation, params.afterIndex ?? 0, JSON.stringify(states), params.limit)
        .map(entryOf),
    );
  }

  entriesOf(params: { operation: string; queue: string; sequenceNumbers: readonly string[] }): Promise<readonly LedgerEntry[]> {
    return this.#journal.read((db) =>
      prepared<EntryRow>(
        db,
        `SELECT * FROM entries INDEXED BY entries_by_letter WHERE operation = (SELECT seq FROM operations WHERE id = ?) AND queue = ?
         AND sequence_number IN (SELECT value FROM json_each(?))`,
      )
        .all(params.operation, params.queue, JSON.stringify(params.sequenceNumbers))
        .map(entryOf),
    );
  }

  lastNumbers(operation: string): Promise<ReadonlyMap<string, bigint>> {
    return this.#journal.read((db) => {
      const rows = preparedRaw<[queue: string, last: string]>(
        db,
        `SELECT queue, CAST(max(CAST(sequence_number AS INTEGER)) AS TEXT) FROM entries
         WHERE operation = (SELECT seq FROM operations WHERE id = ?) GROUP BY queue`,
      ).all(operation);
      return new Map(rows.map(([queue, last]) => [queue, BigInt(last)]));
    });
  }

  counts(operation: string): Promise<readonly LedgerCount[]> {
    return this.#journal.read((db) =>
      prepared<LedgerCount>(
        db,
        `SELECT state, stage, note, count(*) AS count FROM entries
         WHERE operation = (SELECT seq FROM operations WHERE id = ?) GROUP BY state, stage, note`,
      ).all(operation),
    );
  }

  restoresOf(operation: string): Promise<readonly JournaledOperation[]> {
    return this.#journal.read((db) =>
      prepared<OperationRow>(db, 'SELECT * FROM operations WHERE restores = ? ORDER BY seq DESC')
        .all(operation)
        .map((row) => this.#journaled(row)),
    );
  }

  restoredOf(params: { operation: string; queue: string; sequenceNumbers: readonly string[] }): Promise<ReadonlySet<string>> {
    return this.#journal.read((db) => {
      const found = preparedRaw<[string]>(
        db,
        `SELECT sequence_number FROM entries INDEXED BY entries_by_letter
         WHERE operation IN (SELECT seq FROM operations WHERE restores = ?) AND queue = ? AND state = 'done'
         AND sequence_number IN (SELECT value FROM json_each(?))`,
      ).all(params.operation, params.queue, JSON.stringify(params.sequenceNumbers));
      return new Set(found.flat());
    });
  }

  async sweep(before: number): Promise<{ readonly operations: readonly string[] }> {
    return this.#journal.writer.write((db) => {
      const rows = prepared<OperationRow>(db, `SELECT * FROM operations WHERE state = 'planning' OR created_at < ?`)
        .all(before)
        .filter((row) => !isHeld(row, this.settings));
      for (const { seq } of rows) {
        prepared(db, 'DELETE FROM entries WHERE operation = ?').run(seq);
        prepared(db, 'DELETE FROM operations WHERE seq = ?').run(seq);
      }
      return { operations: rows.map(({ id }) => id) };
    });
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  async #leaseOf(id: string, holder: Holder): Promise<OperationLease> {
    const row = await this.#journal.read((db) => findRow(db, id));
    if (row === undefined) throw notFound(id);
    return new SqliteOperationLease({ row, holder, writer: this.#journal.writer, clock: this.settings.clock });
  }

  #leaseEnd(): number {
    return this.settings.clock.now() + LEASE_MS;
  }

  #journaled(row: OperationRow): JournaledOperation {
    const held = isHeld(row, this.settings) && row.lease_host !== null && row.lease_pid !== null;
    return { operation: operationOf(row), cursor: String(row.seq), holder: held ? { host: row.lease_host, pid: row.lease_pid } : null };
  }
}

function findRow(db: Database, id: string): OperationRow | undefined {
  return prepared<OperationRow>(db, 'SELECT * FROM operations WHERE id = ?').get(id);
}

function notFound(id: string): AppError {
  return new AppError('OPERATION_NOT_FOUND', `no operation has the id ${id}`, { hint: 'see what was done with `copiloteval dlq history`' });
}

function busy(row: OperationRow): AppError {
  return new AppError('OPERATION_BUSY', `operation ${row.id} is being worked on by process ${row.lease_pid} on ${row.lease_host}`, {
    hint: 'wait until that process has ended, then resume',
  });
}

function readCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new AppError('INPUT_INVALID', `cursor: expected the nextCursor of the page before, got ${JSON.stringify(cursor.slice(0, 40))}`);
}
