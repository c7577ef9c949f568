// OperationJournal: replays, purges and restores with their plans and ledgers, kept on this machine beside any queue.
// It is what makes an operation resumable, so every write is durable when it resolves.

import type { EntryStage, EntryState, LedgerCount, LedgerEntry, Operation, OperationState, PlannedEntry } from '../domain/dead-letters/operation.js';

export interface OperationJournal {
  /** Stores a new operation without entries, in state `planning`, under a lease of the caller. Its id must be new. */
  begin(operation: NewOperation): Promise<OperationLease>;

  /**
   * Takes the lease of a stored operation. OPERATION_NOT_FOUND; OPERATION_BUSY while another process holds it: one that
   * lives and renews it. The lease of a process that has died on this machine is free at once.
   */
  acquire(id: string): Promise<OperationLease>;

  find(id: string): Promise<JournaledOperation | undefined>;

  /** Newest first, pages of `limit`. Operations in state `planning` are left out. */
  list(params: { limit: number; cursor?: string }): Promise<{ operations: readonly JournaledOperation[]; nextCursor: string | null }>;

  /** In the order of the plan, entries after `afterIndex`, at most `limit`. */
  entries(params: { operation: string; states?: readonly EntryState[]; afterIndex?: number; limit: number }): Promise<readonly LedgerEntry[]>;

  /** The entries of these letters; numbers that are not in the plan are not answered. */
  entriesOf(params: { operation: string; queue: string; sequenceNumbers: readonly string[] }): Promise<readonly LedgerEntry[]>;

  /** The largest sequence number of the plan in each of its queues. */
  lastNumbers(operation: string): Promise<ReadonlyMap<string, bigint>>;

  /** How many entries are in which state, by stage and note. */
  counts(operation: string): Promise<readonly LedgerCount[]>;

  /** Restores of this operation, newest first. */
  restoresOf(operation: string): Promise<readonly JournaledOperation[]>;

  /** Which of these letters of a purge some restore has brought back. */
  restoredOf(params: { operation: string; queue: string; sequenceNumbers: readonly string[] }): Promise<ReadonlySet<string>>;

  /** Forgets plans that were never finished or started and whose process is gone, and operations created before `before`. */
  sweep(before: number): Promise<{ readonly operations: readonly string[] }>;

  close(): Promise<void>;
}

export type NewOperation = Omit<Operation, 'state' | 'startedAt' | 'finishedAt' | 'matched' | 'before' | 'after' | 'unexplained'>;

export interface JournaledOperation {
  readonly operation: Operation;
  /** What `list` takes to go on behind it. */
  readonly cursor: string;
  /** Who works on it now. */
  readonly holder: { readonly host: string; readonly pid: number } | null;
}

/**
 * The right to work on one operation. After it was lost (this process slept longer than a lease lasts and another one
 * took over) every method throws OPERATION_BUSY and changes nothing: that is the fence between the two.
 */
export interface OperationLease {
  /** As last stored. */
  readonly operation: Operation;
  /** Appends to the plan. */
  addEntries(entries: readonly PlannedEntry[]): Promise<void>;
  update(change: OperationChange): Promise<void>;
  /** Calls made together are stored together. */
  mark(index: number, mark: EntryMark): Promise<void>;
  /** Removes the operation and its entries: for a plan that nobody agreed to. */
  discard(): Promise<void>;
  release(): Promise<void>;
}

export interface OperationChange {
  readonly state?: OperationState;
  readonly startedAt?: number;
  readonly finishedAt?: number | null;
  readonly matched?: number;
  readonly before?: number;
  readonly after?: number | null;
  readonly unexplained?: number | null;
}

export interface EntryMark {
  readonly state: EntryState;
  readonly stage: EntryStage | null;
  readonly note: string | null;
}
