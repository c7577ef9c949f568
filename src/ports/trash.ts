// Trash: whole copies of purged dead letters, kept for a while so that a purge can be taken back.

import type { DeadLetter } from './dead-letter-queue.js';

export interface Trash {
  /** Opens the trash of one operation for appending; what it holds already stays. */
  open(operation: string): Promise<TrashWriter>;

  /**
   * Everything kept for the operation, in the order it was appended; a letter can come twice when a purge was resumed.
   * What a crash cut off while it was written is left out: its letters were never removed from their queue.
   * Nothing when the operation has no trash.
   */
  read(operation: string): AsyncIterable<DeadLetter>;

  /** Operations with trash and when it was last written to. */
  list(): Promise<readonly { readonly operation: string; readonly bytes: number; readonly modifiedAt: number }[]>;

  /** Deletes what was last written before `before`; answers the operations. */
  sweep(before: number): Promise<readonly string[]>;
}

export interface TrashWriter {
  /** Durable when it resolves. Calls made together are written together. */
  append(letter: DeadLetter): Promise<void>;
  close(): Promise<void>;
}
