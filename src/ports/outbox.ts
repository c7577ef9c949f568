// Outbox: messages saved with their jobs whose queue is another system. They are sent by the relay, at least once each,
// always under the same message id. A store that shares its file with the queue has no outbox.

import type { JobId } from '../domain/job.js';
import type { OutboxEntry } from '../domain/message.js';

export interface Outbox {
  /**
   * Takes up to `limit` entries, oldest first, for `leaseMs`: entries that nobody holds any more and whose time to be
   * tried has come, or, with `jobIds`, those of these jobs that this process's own saves created and still hold. Two
   * callers never hold one entry.
   */
  claim(params: ClaimOutbox): Promise<readonly ClaimedEntry[]>;

  /**
   * The queue has accepted them: they leave the outbox, and each job whose newest message it was has `queueMode`
   * `service_bus`. An entry that somebody else took meanwhile is left to that one. Dying between the send and this sends
   * the message again, under the same id; the second copy is answered by the decision table.
   */
  sent(entries: readonly ClaimedEntry[]): Promise<void>;

  /** They were not accepted: nobody takes them before `tryAgainAt`; `problem` is kept for people. */
  notSent(entries: readonly ClaimedEntry[], failure: { readonly problem: string; readonly tryAgainAt: number }): Promise<void>;

  /**
   * Puts them on the local queue instead, each in one step with its job (next sequence, `queueMode` `local`, an event):
   * a copy that did reach the other queue is then superseded. Entries of jobs that have moved on are dropped. Answers how
   * many were moved. Absent where the store has no local queue.
   */
  readonly moveToLocal?: (entries: readonly ClaimedEntry[]) => Promise<number>;

  /** What waits, by queue: for `stats`, `doctor` and the degraded states. */
  waiting(): Promise<readonly OutboxWaiting[]>;
}

export interface ClaimOutbox {
  /** Names the claiming process. */
  readonly owner: string;
  readonly leaseMs: number;
  readonly limit: number;
  readonly jobIds?: readonly JobId[];
}

export interface ClaimedEntry {
  readonly entry: OutboxEntry;
  /** When it was saved. */
  readonly savedAt: number;
  /** Failed sends so far. */
  readonly tries: number;
  readonly owner: string;
}

export interface OutboxWaiting {
  readonly queue: string;
  readonly count: number;
  readonly oldestSavedAt: number;
  /** Of the newest failed send; null when none failed. */
  readonly problem: string | null;
}
