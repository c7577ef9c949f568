// MessageQueue: at-least-once delivery under a lock. A message may arrive twice, never silently disappears.
// "Not before" belongs to sending: no backend can give a held message back with a delay, so retries are new messages.

import type { DeliveredBy, Job, JobId, Priority } from '../domain/job.js';
import type { Change } from '../domain/lifecycle.js';
import type { MessageHeaders } from '../domain/message-headers.js';

export interface MessageQueue {
  /** Resolves when every message is accepted for good. A repeated call sends again, under the same message id. */
  send(messages: readonly OutgoingMessage[], options?: SendOptions): Promise<void>;

  /**
   * One to `max` messages of the queue, each under a lock of its own, as soon as there is one; none after `waitMs` or
   * when the signal fires. A paused queue has none until it is resumed. Never more than `max`: nothing is fetched ahead.
   * QUEUE_UNKNOWN, for `send` too.
   */
  receive(params: ReceiveParams): Promise<Delivery[]>;
}

export interface SendOptions {
  /** Called before messages are sent again whose first send had no answer: some may arrive twice. */
  readonly onRepeat?: () => void;
  /** A queue that is away or asks for a pause is waited for longer: the caller has no outbox where they could stay. */
  readonly patient?: boolean;
  /** When it has fired, what fails is not tried again. */
  readonly signal?: AbortSignal;
}

export interface OutgoingMessage {
  readonly queue: string;
  readonly messageId: string;
  /** UTF-8 text or bytes, carried untouched. */
  readonly body: string | Uint8Array;
  readonly properties: MessageProps;
  /** Carried where the broker can. */
  readonly headers?: MessageHeaders;
  /** Ordered by only where the backend can; others are first in, first out. */
  readonly priority?: Priority;
  readonly notBefore?: number | null;
  /** Dead-lettered (`EXPIRED`) when not completed by then; null: the queue's time to live from the moment it is due. */
  readonly expiresAt?: number | null;
}

export type MessageProps = Readonly<Record<string, string | number | boolean | null>>;

export interface ReceiveParams {
  readonly queue: string;
  readonly max: number;
  /** Longest wait for a first message; 0 looks once. */
  readonly waitMs: number;
  /** Shorter lock than the queue's, where the backend lets the receiver choose; for drills. */
  readonly lockMs?: number;
  readonly signal?: AbortSignal;
  readonly begin?: BeginAttempt | undefined;
}

/**
 * Asked for each message while it is being handed out: the change that begins its job's attempt, or undefined to leave
 * that for later. A queue that shares its file with the store saves the change in the step that locks the message;
 * the delivery then has `begun`. Other queues never ask. `jobNamed` reads what is stored in that very step. Must change
 * nothing: it may be asked again for the same message when the step has to be repeated.
 */
export type BeginAttempt = (delivery: Delivery, jobNamed: (jobId: JobId) => Job | undefined) => Change | undefined;

export interface ReceivedMessage {
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly properties: MessageProps;
  /** The broker's number, as text. */
  readonly brokerSequence: string;
  readonly enqueuedAt: number;
  readonly expiresAt: number | null;
  /** Hand-outs before this one. */
  readonly deliveryCount: number;
}

/** One hand-out. Settle exactly once; after the lock is lost every settlement throws LOCK_LOST and changes nothing. */
export interface Delivery {
  readonly queue: string;
  /** Which broker it came from: a worker may read two, and their numbers for messages have nothing to do with each other. */
  readonly queueMode: DeliveredBy;
  readonly message: ReceivedMessage;
  /** By the broker's clock, in the worker's time. */
  readonly lockedUntil: number;
  /** JobStore.save has completed it together with the change it led to. */
  readonly isCompleted: boolean;
  /** The job as stored when its attempt began with this hand-out; absent: nothing was begun. */
  readonly begun?: Job | undefined;
  complete(): Promise<void>;
  deadLetter(reason: DeadLetterReason): Promise<void>;
  /** Returns the new `lockedUntil`. */
  renewLock(): Promise<number>;
  /** Lets the message go unchanged; it comes again no earlier than `delayMs` where the backend can wait, else when its lock ends. */
  release(delayMs: number): Promise<void>;
}

export interface DeadLetterReason {
  /** SCREAMING_SNAKE code. */
  readonly reason: string;
  /** At most 1,024 characters are kept. */
  readonly description: string;
}
