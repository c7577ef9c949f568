// DeadLetterQueue: one dead-letter sub-queue per queue. Looking never locks and never changes anything.
// No backend is asked for one chosen message: Service Bus cannot fetch by number, so `take` gets the whole selection.

import type { MessageHeaders } from '../domain/message-headers.js';
import type { MessageProps } from './message-queue.js';

export interface DeadLetterQueue {
  /** In the order of their sequence numbers, so the oldest first. Also shows letters that somebody holds under a lock. */
  peek(params: PeekDeadLetters): Promise<DeadLetterPage>;

  /**
   * Yields each selected letter once, under a lock, in the order met. Up to `inFlight` yielded letters may be unsettled
   * at once, in any order of settling; a backend may lock that many ahead in one step, and gives back what it locked
   * and did not yield when the caller stops. A letter that is gone or held by somebody else is yielded as such, so every
   * selected number is answered exactly once. Letters that were not selected are left as they were.
   */
  take(params: TakeDeadLetters): AsyncIterable<TakenLetter>;

  /**
   * Puts purged letters back: into the dead-letter queue they came from where the backend can be written to
   * (`dead-letter`), else as new messages on the queue (`queue`). All or nothing per call where the backend can.
   * A letter whose broker sequence is already there is skipped. When the signal has fired, what fails is not tried again.
   */
  restore(letters: readonly DeadLetter[], options?: { readonly signal?: AbortSignal }): Promise<{ readonly to: 'dead-letter' | 'queue'; readonly restored: number; readonly skipped: number }>;

  /** As the backend counts, which may lag. */
  count(queue: string): Promise<number>;
}

export interface PeekDeadLetters {
  readonly queue: string;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  /** Begins with the first letter of this number or a higher one; not together with a cursor. */
  readonly from?: string;
}

export interface DeadLetterPage {
  readonly letters: readonly DeadLetter[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

export interface DeadLetter {
  readonly queue: string;
  readonly sequenceNumber: string;
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly properties: MessageProps;
  readonly reason: string | null;
  readonly description: string | null;
  readonly enqueuedAt: number;
  readonly deadLetteredAt: number | null;
  readonly deliveryCount: number;
  /** Absent where there are none. */
  readonly headers?: MessageHeaders;
}

export interface TakeDeadLetters {
  readonly queue: string;
  readonly sequenceNumbers: ReadonlySet<string>;
  /** Default 1. */
  readonly inFlight?: number;
  readonly signal?: AbortSignal;
  /**
   * Told at the end when the backend had to lock letters that it cannot give back: how many nobody can take now, and when
   * the last of them is free again.
   */
  readonly onLeftLocked?: (left: { readonly count: number; readonly until: number }) => void;
}

export type TakenLetter =
  | { readonly kind: 'held'; readonly letter: DeadLetter; complete(): Promise<void>; release(): Promise<void> }
  | { readonly kind: 'gone'; readonly sequenceNumber: string }
  | { readonly kind: 'locked'; readonly sequenceNumber: string; readonly until: number | null };
