// Outbox: messages saved with their jobs whose queue is another system. They are sent by the relay, at least once each,
// always under the same message id. A store that shares its file with the queue has no outbox.

import type { JobId } from '../domain/job.js';
import type { OutboxEntry } from '../domain/message.js';

export interface Outbox {
  /**
   * Takes up to `limit` entries, oldest first, for `leaseMs`: those that this process's own saves created, and those that
   * nobody holds any more and whose time to be tried has come. Until CREATOR_HOLD_MS after its save an entry is its
   * creator's, so that a process can answer where its own job is. Two callers never hold one entry. Entries of jobs that
   * have moved on (a newer message, an outcome) are dropped. Looking when there is nothing to take costs one read.
   */
  claim(params: ClaimOutbox): Promise<readonly ClaimedEntry[]>;

  /**
   * The queue has accepted them: they leave the outbox, and each job whose newest message it was has `queueMode`
   * `service_bus`. For this process that is so at once; a store may write it down for the others until SENT_NOTED_WITHIN_MS
   * later, or when it is closed, and nobody sends them meanwhile. An entry that somebody else took is left to that one. Dying
   * between the send and what was written down sends the message again, under the same id; the second copy is answered by
   * the decision table.
   */
  sent(entries: readonly ClaimedEntry[]): Promise<void>;

  /** They were not accepted: nobody takes them before `tryAgainAt`; `problem` is kept for people. Null: they were not even tried. */
  notSent(entries: readonly ClaimedEntry[], failure: { readonly problem: string | null; readonly tryAgainAt: number }): Promise<void>;

  /**
   * Puts them on the store's own queue instead, each in one step with its job (next sequence, `queueMode` `local`, an
   * event): a copy that did reach the other queue is then superseded. Entries of jobs that have moved on, and those that
   * somebody else took meanwhile, are left out. Answers how many were moved. Absent where the store has no local queue.
   */
  readonly moveToLocal?: (entries: readonly ClaimedEntry[], reason: string) => Promise<number>;

  /**
   * What waits, by queue: for `stats`, `doctor` and the degraded states. What its creator holds and has not failed to send
   * may be left out. Costs the same however much waits.
   */
  waiting(): Promise<readonly OutboxWaiting[]>;
}

/** How long a new entry is its creator's alone. */
export const CREATOR_HOLD_MS = 15_000;
/** How long after a send the store may go on saying that the message waits. */
export const SENT_NOTED_WITHIN_MS = 5_000;

export interface ClaimOutbox {
  readonly leaseMs: number;
  readonly limit: number;
  /** Only of these jobs. */
  readonly jobIds?: readonly JobId[];
}

export interface ClaimedEntry {
  readonly entry: OutboxEntry;
  /** When it was saved. */
  readonly savedAt: number;
  /** Failed sends so far. */
  readonly tries: number;
  /** Names this claim and no other. */
  readonly claim: string;
}

export interface OutboxWaiting {
  readonly queue: string;
  readonly count: number;
  readonly oldestSavedAt: number;
  /** Why the oldest ones could not be sent; null when none of them was tried. */
  readonly problem: string | null;
}
