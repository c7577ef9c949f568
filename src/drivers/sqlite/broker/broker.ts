// The broker core: durable queues with peek-lock in one SQLite file, knowing nothing of jobs. Bodies are opaque bytes,
// properties opaque JSON text. Every method is synchronous and belongs inside one transaction of the caller (the
// driver's Writer); nothing here begins, commits or waits. Time comes in as `now`, read inside the transaction.

import type { Database } from 'better-sqlite3';

import type { MessageState } from './message-state.js';

/** What the surroundings of the broker want to know, told inside the same transaction. */
export interface BrokerHooks {
  /** A queue has `delta` messages more or fewer in this state. Deltas of one state change come as two calls. */
  readonly counted: (queue: string, state: MessageState, delta: number) => void;
  /** The broker moved these to the dead letters by itself: time to live over, or too many deliveries. */
  readonly moved: (messages: readonly MovedMessage[]) => void;
}

export interface BrokerMessage {
  readonly queue: string;
  readonly messageId: string;
  readonly body: string | Uint8Array;
  /** JSON text of one object. */
  readonly properties: string;
  /** 0 goes out first; ties in the order of arrival. */
  readonly rank: number;
  /** Not handed out before this instant; null or past: at once. */
  readonly dueAt: number | null;
  /** Null: the queue's time to live from the moment it is due. */
  readonly expiresAt: number | null;
}

export interface LockRequest {
  readonly queue: string;
  readonly max: number;
  /** Null: the queue's; a longer one than the queue's is cut to it. */
  readonly lockMs: number | null;
  readonly now: number;
}

export interface LockedMessage {
  /** Never reused, also after the message is gone. */
  readonly seq: number;
  /** Chance; each hand-out has its own. */
  readonly token: string;
  readonly lockedUntil: number;
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly properties: string;
  readonly enqueuedAt: number;
  readonly expiresAt: number | null;
  /** Hand-outs that ended before this one. */
  readonly deliveryCount: number;
}

/** A hand-out under its lock: what every settlement names. */
export interface LockRef {
  readonly seq: number;
  readonly token: string;
}

export interface MovedMessage {
  readonly seq: number;
  readonly queue: string;
  readonly messageId: string;
  readonly properties: string;
  readonly reason: BrokerReason;
  readonly description: string;
  readonly at: number;
}

export type BrokerReason = 'EXPIRED' | 'DELIVERY_LIMIT';

export class Broker {
  constructor(db: Database, hooks: BrokerHooks) {
    void db;
    void hooks;
  }

  /** Whether messages can be sent to this queue. Ask before the first write of an operation: `enqueue` throws. */
  hasQueue(queue: string): boolean {
    throw new Error(`not built: ${queue}`);
  }

  /** Returns the broker's number of the message. QUEUE_UNKNOWN. */
  enqueue(message: BrokerMessage, now: number): number {
    throw new Error(`not built: ${message.queue} ${now}`);
  }

  /**
   * Removes a message that nobody holds, wherever it waits (active, scheduled, deferred). False when it is gone, is a
   * dead letter, or is under a lock: then its receiver finds out by itself. By number, because an index over message
   * ids would cost every message; keep what `enqueue` returned.
   */
  withdraw(seq: number): boolean {
    throw new Error(`not built: ${seq}`);
  }
}
