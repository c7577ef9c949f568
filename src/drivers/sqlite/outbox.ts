// SqliteOutbox: the Outbox port. Each entry is held by one claim at a time; what a claim names is done only while the
// entry is still its own, so a relay that slept too long changes nothing.

import { randomUUID } from 'node:crypto';
import type { Database } from 'better-sqlite3';

import type { Job, JobId } from '../../domain/job.js';
import { moveToLocal } from '../../domain/lifecycle.js';
import { type OutboxEntry, outboxEntryFor } from '../../domain/message.js';
import type { ClaimedEntry, ClaimOutbox, Outbox, OutboxWaiting } from '../../ports/outbox.js';
import { prepared } from '../connection-sqlite/prepared.js';
import { saveJob } from './job-save.js';
import { type JobTransaction, jobNumber, readJob } from './job-transaction.js';
import { ensureLocalQueue } from './local-twin.js';
import { type OutboxRows, removeEntry } from './outbox-rows.js';
import type { Reader } from './reader.js';
import { readTallies } from './tally.js';
import type { Writer } from './writer.js';

/** No lease and no pause is longer: an entry that seems to be held beyond it was held before the clock was set back. */
export const LONGEST_HOLD_MS = 10 * 60_000;

export interface SqliteOutboxParts {
  readonly writer: Writer;
  readonly reader: Reader;
  readonly transaction: JobTransaction;
  readonly rows: OutboxRows;
}

interface EntryRow {
  readonly seq: number;
  readonly job: number;
  readonly jobId: JobId | null;
  readonly sequence: number;
  readonly notBefore: number | null;
  readonly savedAt: number;
  readonly tries: number;
}

export class SqliteOutbox implements Outbox {
  readonly #parts: SqliteOutboxParts;

  constructor(parts: SqliteOutboxParts) {
    this.#parts = parts;
  }

  /** A process that dies after this leaves the entries held until the lease ends; then somebody else sends them. */
  async claim({ leaseMs, limit, jobIds }: ClaimOutbox): Promise<readonly ClaimedEntry[]> {
    if (limit < 1 || jobIds?.length === 0 || !(await this.#mayFindSome())) return [];
    const { writer, rows } = this.#parts;
    const claim = `${rows.owner}#${randomUUID()}`;
    return writer.write((db) => {
      const freeAt = this.#now() + Math.min(leaseMs, LONGEST_HOLD_MS);
      for (;;) {
        const found = jobIds === undefined ? this.#findAny(db, limit) : this.#findOf(db, jobIds.slice(0, limit));
        const claimed = found.flatMap((row) => this.#take(db, row, { claim, freeAt }));
        // A page of nothing but entries of jobs that have moved on says nothing about what comes after it.
        if (claimed.length > 0 || found.length === 0 || jobIds !== undefined) return claimed;
      }
    });
  }

  sent(entries: readonly ClaimedEntry[]): Promise<void> {
    const { tallies } = this.#parts.transaction;
    return this.#parts.writer.write((db) => {
      for (const { entry, claim } of entries) {
        const number = ownedBy(db, entry.jobId, claim);
        if (number === undefined) continue;
        removeEntry(db, tallies, number);
        // Without a new version: whoever read the job before this and saves it is not wrong about anything he decides by.
        prepared(db, NOTE_SENT).run(number, entry.sequence);
      }
    });
  }

  notSent(entries: readonly ClaimedEntry[], { problem, tryAgainAt }: { problem: string | null; tryAgainAt: number }): Promise<void> {
    return this.#parts.writer.write((db) => {
      const freeAt = Math.min(tryAgainAt, this.#now() + LONGEST_HOLD_MS);
      for (const { entry, claim } of entries) {
        const number = ownedBy(db, entry.jobId, claim);
        if (number !== undefined) prepared(db, PUT_BACK).run(freeAt, problem === null ? 0 : 1, problem, number);
      }
    });
  }

  moveToLocal(entries: readonly ClaimedEntry[], reason: string): Promise<number> {
    const { transaction } = this.#parts;
    return this.#parts.writer.write((db) => {
      const mine = entries.filter(({ entry, claim }) => ownedBy(db, entry.jobId, claim) !== undefined);
      return mine.filter(({ entry }) => moveEntry(transaction, readJob(db, entry.jobId), entry.sequence, reason)).length;
    });
  }

  waiting(): Promise<readonly OutboxWaiting[]> {
    return this.#parts.reader.read((db) => waitingByQueue(db));
  }

  async #mayFindSome(): Promise<boolean> {
    if (this.#parts.rows.mayHaveCreated) return true;
    const now = this.#now();
    return this.#parts.reader.read((db) => prepared(db, ANY_FREE).get(now, now + LONGEST_HOLD_MS) !== undefined);
  }

  #findAny(db: Database, limit: number): EntryRow[] {
    const { rows } = this.#parts;
    const now = this.#now();
    const found = prepared<EntryRow>(db, FIND_ANY).all(now, now + LONGEST_HOLD_MS, rows.owner, limit);
    // Fewer than asked for: none of this process's own is left after these.
    if (found.length < limit) rows.mayHaveCreated = false;
    return found;
  }

  #findOf(db: Database, jobIds: readonly JobId[]): EntryRow[] {
    const now = this.#now();
    const { owner } = this.#parts.rows;
    const found = jobIds.flatMap((jobId) => prepared<EntryRow>(db, FIND_OF).all(jobId, now, now + LONGEST_HOLD_MS, owner));
    return found.sort((a, b) => a.seq - b.seq);
  }

  /** None when the job has moved on. */
  #take(db: Database, row: EntryRow, hold: { claim: string; freeAt: number }): ClaimedEntry[] {
    const entry = this.#entryOf(db, row);
    if (entry === undefined) {
      removeEntry(db, this.#parts.transaction.tallies, row.job);
      return [];
    }
    prepared(db, HOLD).run(hold.claim, hold.freeAt, row.seq);
    return [{ entry, savedAt: row.savedAt, tries: row.tries, claim: hold.claim }];
  }

  /** A job that moves on takes its entry along in the same transaction, so one that is remembered still says what the job waits for. */
  #entryOf(db: Database, { job: number, jobId, sequence, notBefore }: EntryRow): OutboxEntry | undefined {
    if (jobId === null) return undefined;
    const remembered = this.#parts.rows.takeRemembered(number, { jobId, sequence });
    if (remembered !== undefined) return remembered;
    const job = readJob(db, jobId);
    return job !== undefined && waitsFor(job, sequence) ? outboxEntryFor(job, notBefore) : undefined;
  }

  #now(): number {
    return this.#parts.transaction.clock.now();
  }
}

/** Inside a transaction: the job's message goes on the store's own queue. False, and nothing is changed, when the job has moved on. */
export function moveEntry(transaction: JobTransaction, job: Job | undefined, sequence: number, reason: string): boolean {
  if (job === undefined || !waitsFor(job, sequence)) return false;
  ensureLocalQueue(transaction.broker, job.queue);
  saveJob(transaction, moveToLocal(job, transaction.clock.now(), reason));
  return true;
}

function waitsFor(job: Job, sequence: number): boolean {
  return job.status === 'Queued' && job.sequence === sequence;
}

/** The job's number while the entry is this claim's. */
function ownedBy(db: Database, jobId: JobId, claim: string): number | undefined {
  const number = jobNumber(db, jobId);
  if (number === undefined) return undefined;
  return prepared(db, 'SELECT 1 FROM outbox WHERE job = ? AND holder = ?').get(number, claim) === undefined ? undefined : number;
}

function waitingByQueue(db: Database): OutboxWaiting[] {
  return readTallies(db, 'outbox').flatMap(({ a: queue, count }) => {
    const oldest = prepared<{ savedAt: number }>(db, 'SELECT saved_at AS savedAt FROM outbox WHERE queue = ? ORDER BY seq LIMIT 1').get(queue);
    const failed = prepared<{ problem: string }>(db, OLDEST_PROBLEM).get(queue);
    return oldest === undefined ? [] : [{ queue: String(queue), count, oldestSavedAt: oldest.savedAt, problem: failed?.problem ?? null }];
  });
}

const ROW = `outbox.seq, outbox.job, jobs.id AS jobId, outbox.sequence, outbox.not_before AS notBefore, outbox.saved_at AS savedAt, outbox.tries`;
const IS_FREE = '(outbox.free_at <= ? OR outbox.free_at > ? OR outbox.holder = ?)';
const FIND_ANY = `SELECT ${ROW} FROM outbox LEFT JOIN jobs ON jobs.job = outbox.job WHERE ${IS_FREE} ORDER BY outbox.seq LIMIT ?`;
const FIND_OF = `SELECT ${ROW} FROM jobs JOIN outbox ON outbox.job = jobs.job WHERE jobs.id = ? AND ${IS_FREE}`;
const ANY_FREE = 'SELECT 1 FROM outbox WHERE free_at <= ? UNION ALL SELECT 1 FROM outbox WHERE free_at > ? LIMIT 1';
/** The message that the job waits for now; one that was moved meanwhile is on the store's own queue. */
const NOTE_SENT = `
  UPDATE jobs SET state = json_set(state, '$.queueMode', 'service_bus')
  WHERE job = ? AND state ->> '$.sequence' = ? AND state ->> '$.queueMode' = 'pending'`;
const HOLD = 'UPDATE outbox SET holder = ?, free_at = ? WHERE seq = ?';
const PUT_BACK = "UPDATE outbox SET holder = '', free_at = ?, tries = tries + ?, problem = coalesce(?, problem) WHERE job = ?";
/** Among the first hundred, so that a queue of new entries costs no more than a short one. */
const OLDEST_PROBLEM = `
  SELECT problem FROM (SELECT seq, problem FROM outbox WHERE queue = ? ORDER BY seq LIMIT 100) WHERE problem IS NOT NULL ORDER BY seq LIMIT 1`;
