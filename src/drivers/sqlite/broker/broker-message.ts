// What goes into the broker, what comes out of it, and what it tells its surroundings.

import type { MessageState } from './message-state.js';

/** What the surroundings of the broker want to know, told inside the same transaction. */
export interface BrokerHooks {
  /** The queue has `delta` messages more or fewer in this state; a move from one state to another is two calls. */
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
  /** 0 goes out first; ties in order of arrival. */
  readonly rank: number;
  /** Not handed out before this instant; null or past: at once. */
  readonly dueAt: number | null;
  /** Null: the queue's time to live from the moment it is due. */
  readonly expiresAt: number | null;
  /** For a broker that numbers by itself; otherwise the next number. */
  readonly seq?: number;
}

export interface LockRequest {
  readonly queue: string;
  readonly max: number;
  /** Null: the queue's; a longer one than the queue's is cut to it. */
  readonly lockMs: number | null;
  readonly now: number;
  /** The messages come with empty bodies; `Broker.body` reads them. For receivers that need few of them. */
  readonly withoutBodies?: boolean;
}

/** A hand-out under its lock: what every settlement names. */
export interface LockRef {
  readonly queue: string;
  readonly seq: number;
  readonly token: string;
}

export interface LockedMessage {
  /** Never given to another message, also after this one is gone. */
  readonly seq: number;
  /** Chance; each hand-out has its own. */
  readonly token: string;
  readonly lockedUntil: number;
  /** How long the lock lasts from its start; a renewal asks for the same. */
  readonly lockMs: number;
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly properties: string;
  readonly enqueuedAt: number;
  readonly expiresAt: number | null;
  /** Hand-outs that ended before this one. */
  readonly deliveryCount: number;
}

export type BrokerReason = 'EXPIRED' | 'DELIVERY_LIMIT';

export interface MovedMessage {
  readonly seq: number;
  readonly queue: string;
  readonly messageId: string;
  readonly properties: string;
  readonly reason: BrokerReason;
  readonly description: string;
  readonly at: number;
}

export interface BrokerDeadLetter {
  readonly seq: number;
  readonly queue: string;
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly properties: string;
  readonly reason: string | null;
  readonly description: string | null;
  readonly enqueuedAt: number;
  readonly deadLetteredAt: number | null;
  /** Hand-outs that ended, the one that dead-lettered it among them. */
  readonly deliveryCount: number;
}
