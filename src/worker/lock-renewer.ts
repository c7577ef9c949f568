// Keeps the locks of all held deliveries, at half of each lock's remaining time, on the worker's one timer.

import { hasCode } from '../domain/errors.js';
import type { Clock } from '../ports/clock.js';
import type { Delivery } from '../ports/message-queue.js';
import type { Deadline, Deadlines } from './deadlines.js';
import type { WorkerLog } from './worker-log.js';

/** What another system says of its locks is that old when it arrives: nobody relies on the last moments of one. */
const FAR_MARGIN_MS = 2000;
/** Renewals closer together than this would keep a slow backend from anything else. */
const MIN_PAUSE_MS = 20;

export class LockRenewer {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #log: WorkerLog;

  constructor(parts: { clock: Clock; deadlines: Deadlines; log: WorkerLog }) {
    this.#clock = parts.clock;
    this.#deadlines = parts.deadlines;
    this.#log = parts.log;
  }

  /** Renews the delivery's lock from now on, until it is lost or let go. */
  hold(delivery: Delivery): HeldLock {
    const lock = new HeldLock(delivery, this.#clock, this.#deadlines, this.#log);
    lock.schedule();
    return lock;
  }
}

/** One lock that is being renewed. */
export class HeldLock implements Deadline {
  dueAt = 0;
  place = -1;
  /** As last told by the broker. */
  lockedUntil: number;
  lost = false;
  /** Called once when the lock is lost. */
  onLost: (() => void) | undefined;
  readonly #delivery: Delivery;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #log: WorkerLog;
  #released = false;
  /** By the monotonic clock: when nobody can rely on the lock any more. A wall clock that is set back must not move it. */
  #endsAt = 0;

  constructor(delivery: Delivery, clock: Clock, deadlines: Deadlines, log: WorkerLog) {
    this.#delivery = delivery;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#log = log;
    this.lockedUntil = delivery.lockedUntil;
  }

  schedule(): void {
    const remaining = this.lockedUntil - this.#clock.now();
    const margin = this.#delivery.queueMode === 'local' ? 0 : Math.min(FAR_MARGIN_MS, remaining / 10);
    this.#endsAt = this.#clock.monotonic() + remaining - margin;
    this.#renewAfter(remaining / 2);
  }

  /** Ends the renewing: the delivery is settled, or left alone on purpose. */
  release(): void {
    this.#released = true;
    this.#deadlines.delete(this);
  }

  onDue(): void {
    void this.#renew();
  }

  #renewAfter(ms: number): void {
    this.dueAt = this.#clock.monotonic() + Math.max(MIN_PAUSE_MS, ms);
    this.#deadlines.add(this);
  }

  async #renew(): Promise<void> {
    // A renewal that never answers must not look like a lock that is held.
    const end: Deadline = { dueAt: this.#endsAt, onDue: () => this.#lose() };
    this.#deadlines.add(end);
    try {
      this.lockedUntil = await this.#delivery.renewLock();
      if (!this.#released && !this.lost) this.schedule();
    } catch (error) {
      // Settled while the renewal was on its way: its failure means nothing.
      if (!this.#released && !this.lost) this.#renewalFailed(error);
    } finally {
      this.#deadlines.delete(end);
    }
  }

  #renewalFailed(error: unknown): void {
    const remaining = this.#endsAt - this.#clock.monotonic();
    if (!hasCode(error, 'LOCK_LOST') && remaining > 0) {
      this.#log.warn({ err: error, messageId: this.#delivery.message.messageId }, 'a lock could not be renewed; trying again');
      this.#renewAfter(remaining / 2);
      return;
    }
    this.#lose();
  }

  #lose(): void {
    if (this.lost || this.#released) return;
    this.lost = true;
    this.onLost?.();
  }
}
