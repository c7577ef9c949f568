// The broker core: durable queues with peek-lock in one SQLite file, knowing nothing of jobs. Bodies are opaque bytes,
// properties opaque JSON text. Every method is synchronous and belongs inside one transaction of the caller (the
// driver's Writer); nothing here begins, commits or waits. Time comes in as `now`, read inside the transaction: only one
// process at a time is there, so no two of them disagree about whether a lock has ended.

import type { Database } from 'better-sqlite3';

import type { BrokerHooks, BrokerMessage, LockedMessage, LockRef, LockRequest } from './broker-message.js';
import { BrokerQueues } from './broker-queues.js';
import { DeadLetters } from './dead-letters.js';
import { Enqueue } from './enqueue.js';
import { HandOut } from './hand-out.js';
import { Settlement } from './settlement.js';
import { Sweep, type SweepRules } from './sweep.js';

/** What a look without a write found. */
export interface BrokerLook {
  /** `lock` or `sweep` has something to do now. */
  readonly work: boolean;
  /** When time alone makes work next; null: nothing is scheduled, locked or expiring. */
  readonly nextTimerAt: number | null;
}

export class Broker {
  readonly queues: BrokerQueues;
  readonly deadLetters: DeadLetters;
  readonly #sending: Enqueue;
  readonly #timed: Sweep;
  readonly #handOut: HandOut;
  readonly #settlement: Settlement;

  /** One per connection: statements are kept with it. `rules`: other effects of time than this broker's own. */
  constructor(db: Database, hooks: BrokerHooks, rules?: SweepRules) {
    this.queues = new BrokerQueues(db);
    this.deadLetters = new DeadLetters(db, hooks, this.queues);
    this.#sending = new Enqueue(db, hooks);
    this.#timed = new Sweep(db, hooks, rules);
    this.#handOut = new HandOut(db, hooks, this.queues, this.#timed);
    this.#settlement = new Settlement(db, hooks);
  }

  /** Whether messages can be sent to this queue; for asking before the first write of an operation of several. */
  hasQueue(queue: string): boolean {
    return this.queues.find(queue) !== undefined;
  }

  /** Returns the broker's number of the message. QUEUE_UNKNOWN, before anything is written. */
  enqueue(message: BrokerMessage, now: number): number {
    return this.#sending.enqueue(message, now);
  }

  /**
   * Removes a message that nobody holds, wherever it waits (active, scheduled, deferred). False when it is gone, is a
   * dead letter, or is under a lock: then its receiver finds out by itself. By number, because an index over message
   * ids would cost every message; keep what `enqueue` returned.
   */
  withdraw(seq: number): boolean {
    return this.#settlement.withdraw(seq);
  }

  /** Reads only, so it is fit for use outside a transaction. QUEUE_UNKNOWN. */
  look(queue: string, now: number): BrokerLook {
    const waiting = this.#handOut.hasWaiting(queue);
    const nextTimerAt = this.#timed.nextTimerAt(now);
    return { work: waiting || (nextTimerAt !== null && nextTimerAt <= now), nextTimerAt };
  }

  /** Sweeps, then hands out up to `max` messages, none from a paused queue. QUEUE_UNKNOWN, before anything is written. */
  lock(request: LockRequest): LockedMessage[] {
    return this.#handOut.lock(request);
  }

  /** The bytes of a message, for its holder; undefined when it is gone. */
  body(seq: number): Uint8Array | undefined {
    return this.#handOut.body(seq);
  }

  /** Deletes the message. LOCK_LOST, as for all that name a hand-out: nothing has changed then. */
  complete(ref: LockRef, now: number): void {
    this.#settlement.complete(ref, now);
  }

  deadLetter(ref: LockRef, why: { readonly reason: string; readonly description: string }, now: number): void {
    this.#settlement.deadLetter(ref, why, now);
  }

  /** The lock ends `lockMs` from now. Returns that instant. */
  renew(ref: LockRef, lockMs: number, now: number): number {
    return this.#settlement.renew(ref, lockMs, now);
  }

  /** The message waits again where it was, not before `dueAt` when that is given. It counts as a hand-out that ended. */
  release(ref: LockRef, dueAt: number | null, now: number): void {
    this.#settlement.release(ref, dueAt, now);
  }

  /** When `sweep` has something to do next; `now` or earlier: it has already. Reads only. */
  nextTimerAt(now: number): number | null {
    return this.#timed.nextTimerAt(now);
  }

  /**
   * Ends locks that have run out, activates what is due, dead-letters or drops what has expired: what time alone does, in
   * all queues. One call does a bounded amount. Hand-outs do it themselves.
   */
  sweep(now: number): void {
    this.#timed.run(now);
  }
}
