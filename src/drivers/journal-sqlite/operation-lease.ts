// The right of one process to work on one operation: a random token in the operation's row, renewed while the process
// lives. Every write checks the token in its own transaction, so a process that lost the lease cannot write any more.

import { randomUUID } from 'node:crypto';
import type { Database } from 'better-sqlite3';

import type { Operation, PlannedEntry } from '../../domain/dead-letters/operation.js';
import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { EntryMark, OperationChange, OperationLease } from '../../ports/operation-journal.js';
import { prepared, preparedRaw } from '../connection-sqlite/prepared.js';
import { entryDoc, operationDoc, operationOf, type OperationRow } from './journal-rows.js';
import type { JournalWriter } from './journal-writer.js';

export const LEASE_MS = 30_000;
const RENEW_EVERY_MS = 10_000;

export interface Holder {
  readonly token: string;
  readonly host: string;
  readonly pid: number;
}

export function newHolder(process: { readonly host: string; readonly pid: number }): Holder {
  return { token: randomUUID(), host: process.host, pid: process.pid };
}

/**
 * A lease holds until its time is over, and ends at once when its process is gone. A process that sleeps longer than
 * its lease loses it although it lives; the token keeps it from writing when it wakes.
 */
export function isHeld(row: OperationRow, here: { readonly host: string; readonly clock: Clock }): boolean {
  if (row.lease_token === null || row.lease_until === null || row.lease_pid === null) return false;
  if (row.lease_until <= here.clock.now()) return false;
  // A clock that was set back must not keep a lease for longer than one lasts.
  if (row.lease_until > here.clock.now() + 2 * LEASE_MS) return false;
  return row.lease_host !== here.host || isAlive(row.lease_pid);
}

export function takeLease(db: Database, seq: number, holder: Holder, until: number): void {
  const update = prepared(db, 'UPDATE operations SET lease_token = ?, lease_host = ?, lease_pid = ?, lease_until = ? WHERE seq = ?');
  update.run(holder.token, holder.host, holder.pid, until, seq);
}

interface LeaseParts {
  readonly row: OperationRow;
  readonly holder: Holder;
  readonly writer: JournalWriter;
  readonly clock: Clock;
}

export class SqliteOperationLease implements OperationLease {
  operation: Operation;
  readonly #parts: LeaseParts;
  readonly #renewal: NodeJS.Timeout;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
    this.operation = operationOf(parts.row);
    // Real time on purpose, and not a reason to stay alive. A failed renewal shows at the next write.
    this.#renewal = setInterval(() => void this.#renew().catch(() => undefined), RENEW_EVERY_MS).unref();
  }

  addEntries(entries: readonly PlannedEntry[]): Promise<void> {
    const at = this.#parts.clock.now();
    return this.#write((db) => {
      const insert = prepared(
        db,
        `INSERT INTO entries (operation, idx, queue, sequence_number, state, stage, note, at, doc) VALUES (?, ?, ?, ?, 'planned', NULL, NULL, ?, ?)`,
      );
      for (const entry of entries) insert.run(this.#parts.row.seq, entry.index, entry.queue, entry.sequenceNumber, at, entryDoc(entry));
    });
  }

  async update(change: OperationChange): Promise<void> {
    const next: Operation = { ...this.operation, ...change };
    await this.#write((db) => {
      prepared(db, 'UPDATE operations SET state = ?, doc = ? WHERE seq = ?').run(next.state, operationDoc(next), this.#parts.row.seq);
    });
    this.operation = next;
  }

  mark(index: number, mark: EntryMark): Promise<void> {
    const at = this.#parts.clock.now();
    return this.#write((db) => {
      const update = prepared(db, 'UPDATE entries SET state = ?, stage = ?, note = ?, at = ? WHERE operation = ? AND idx = ?');
      const { changes } = update.run(mark.state, mark.stage, mark.note, at, this.#parts.row.seq, index);
      if (changes !== 1) throw new Error(`operation ${this.operation.id} has no entry ${index}`);
    });
  }

  async discard(): Promise<void> {
    clearInterval(this.#renewal);
    await this.#write((db) => {
      prepared(db, 'DELETE FROM entries WHERE operation = ?').run(this.#parts.row.seq);
      prepared(db, 'DELETE FROM operations WHERE seq = ?').run(this.#parts.row.seq);
    });
  }

  async release(): Promise<void> {
    clearInterval(this.#renewal);
    const { row, holder, writer } = this.#parts;
    await writer.write((db) => {
      prepared(db, 'UPDATE operations SET lease_token = NULL, lease_until = NULL WHERE seq = ? AND lease_token = ?').run(row.seq, holder.token);
    });
  }

  #renew(): Promise<void> {
    const { row, clock } = this.#parts;
    return this.#write((db) => {
      prepared(db, 'UPDATE operations SET lease_until = ? WHERE seq = ?').run(clock.now() + LEASE_MS, row.seq);
    });
  }

  #write(change: (db: Database) => void): Promise<void> {
    const { row, holder, writer } = this.#parts;
    return writer.write((db) => {
      const [token] = preparedRaw<[string | null]>(db, 'SELECT lease_token FROM operations WHERE seq = ?').get(row.seq) ?? [];
      if (token !== holder.token) {
        throw new AppError('OPERATION_BUSY', `operation ${this.operation.id} was taken over by another process`, {
          hint: 'see what it did with `copiloteval dlq history`',
        });
      }
      change(db);
    });
  }
}

/** Signal 0 asks without sending anything; EPERM means that the process is there and somebody else's. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
