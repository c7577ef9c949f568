// The outbox's rows as the store's own saves write them: an entry comes with its job's change and goes when the job needs
// it no longer, in the same transaction. What takes and sends them is outbox.ts.

import type { Database } from 'better-sqlite3';

import { hasEnded, type Job, type JobId, type JobStatus } from '../../domain/job.js';
import type { OutboxEntry } from '../../domain/message.js';
import type { Clock } from '../../ports/clock.js';
import { CREATOR_HOLD_MS } from '../../ports/outbox.js';
import { prepared } from '../connection-sqlite/prepared.js';
import type { Tallies } from './tally.js';

/** Most of what one process has saved and not sent yet. */
const MAX_REMEMBERED = 500;

export class OutboxRows {
  /** Names this process. */
  readonly owner: string;
  /** Whether this process may hold entries that it has created and nobody has claimed. */
  mayHaveCreated = false;
  /** The newest entries of this process by job number, also of saves that were undone. */
  readonly #remembered = new Map<number, OutboxEntry>();
  readonly #db: Database;
  readonly #tallies: Tallies;
  readonly #clock: Clock;

  constructor(db: Database, parts: { tallies: Tallies; clock: Clock; owner: string }) {
    this.#db = db;
    this.#tallies = parts.tallies;
    this.#clock = parts.clock;
    this.owner = parts.owner;
  }

  /**
   * The job with this number was saved: `entry` replaces an older one; without one, what waits is dropped when the job
   * is not Queued any more (a start says that the message arrived) or its message is on the store's own queue.
   * `before`: its status until now; undefined for a new job.
   */
  saved({ number, before, job, entry }: { readonly number: number; readonly before: JobStatus | undefined; readonly job: Job; readonly entry: OutboxEntry | undefined }): void {
    if (entry !== undefined) this.#put(number, entry);
    // Only a Queued job has an entry.
    else if (before === 'Queued' && (job.status !== 'Queued' || job.queueMode === 'local')) removeEntry(this.#db, this.#tallies, number);
    const lookAt = lookAtOf(job);
    if (lookAt === null) prepared(this.#db, UNWATCH).run(number);
    else prepared(this.#db, WATCH).run(number, lookAt);
  }

  /** What the row of this job with this sequence says, if this process has saved it a moment ago: the job need not be read for it. */
  takeRemembered(number: number, { jobId, sequence }: { readonly jobId: JobId; readonly sequence: number }): OutboxEntry | undefined {
    const entry = this.#remembered.get(number);
    this.#remembered.delete(number);
    return entry?.jobId === jobId && entry.sequence === sequence ? entry : undefined;
  }

  #put(number: number, entry: OutboxEntry): void {
    removeEntry(this.#db, this.#tallies, number);
    const now = this.#clock.now();
    prepared(this.#db, INSERT).run(number, entry.sequence, entry.queue, entry.notBefore, now, this.owner, now + CREATOR_HOLD_MS);
    this.#tallies.add(1, 'outbox', entry.queue);
    this.mayHaveCreated = true;
    if (this.#remembered.size < MAX_REMEMBERED || this.#remembered.has(number)) this.#remembered.set(number, entry);
  }
}

/** Fine when there is none. */
export function removeEntry(db: Database, tallies: Tallies, job: number): void {
  const removed = prepared<{ queue: string }>(db, REMOVE).get(job);
  if (removed !== undefined) tallies.add(-1, 'outbox', removed.queue);
}

/** The job's message is on the store's own queue, and this process keeps no outbox: what another mode noted of it is over. */
export function forgetElsewhere(db: Database, tallies: Tallies, job: number): void {
  removeEntry(db, tallies, job);
  prepared(db, UNWATCH).run(job);
}

/** When the store should have heard of the job at the latest; null where its own broker tells, or nothing is to come. */
function lookAtOf(job: Job): number | null {
  if (hasEnded(job.status) || job.awaitsChildren || job.queueMode === 'local') return null;
  return (job.status === 'Running' ? job.delivery?.lockedUntil : job.expiresAt) ?? Number.MAX_SAFE_INTEGER;
}

const INSERT = 'INSERT INTO outbox (job, sequence, queue, not_before, saved_at, holder, free_at) VALUES (?, ?, ?, ?, ?, ?, ?)';
const REMOVE = 'DELETE FROM outbox WHERE job = ? RETURNING queue';
const WATCH = 'INSERT INTO watched_jobs (job, look_at) VALUES (?, ?) ON CONFLICT (job) DO UPDATE SET look_at = excluded.look_at';
const UNWATCH = 'DELETE FROM watched_jobs WHERE job = ?';
