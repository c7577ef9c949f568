// One run of an operation: what every entry needs, and the ledger's side of an entry.

import type { EntryStage, LedgerEntry, Operation } from '../../domain/dead-letters/operation.js';
import type { EntryMark, OperationLease } from '../../ports/operation-journal.js';
import type { TrashWriter } from '../../ports/trash.js';
import { queueSettings } from '../queue-settings.js';
import type { OperationPorts } from './operation-ports.js';

const ENDS_EVERY_MS = 50;

export interface ApplyHooks {
  /** Ends the run after the entries at hand; the operation can be resumed. */
  readonly signal?: AbortSignal;
  /** `completed` with those that failed: they stay where they are. */
  readonly onProgress?: (completed: number, total: number, failed: number) => void;
  /** Letters are held by somebody else, and the run waits for their locks to end. */
  readonly onWaiting?: (letters: number, until: number) => void;
  /** Letters that were not chosen stay locked until then: the backend had to lock them to come to the chosen ones. */
  readonly onLeftLocked?: (left: { readonly count: number; readonly until: number }) => void;
}

export class OperationRun {
  readonly operation: Operation;
  #completed = 0;
  #failed = 0;
  /** Ends that are not handed to the journal yet. */
  #ends: { readonly index: number; readonly mark: EntryMark }[] = [];
  #wroteAt: number;
  #markFailure: { readonly error: unknown } | undefined;
  #lastMark: Promise<void> = Promise.resolve();
  #trash: Promise<TrashWriter> | undefined;
  readonly #ttl = new Map<string, Promise<number>>();

  constructor(
    readonly ports: OperationPorts,
    readonly lease: OperationLease,
    readonly hooks: ApplyHooks,
    private readonly total: number,
    /** A run before may have done more than it could write. */
    readonly isResumed: boolean,
  ) {
    this.operation = lease.operation;
    this.#wroteAt = ports.clock.monotonic();
  }

  get stopped(): boolean {
    return this.hooks.signal?.aborted === true;
  }

  /** For calls that may wait long. */
  get whileRunning(): { readonly signal?: AbortSignal } {
    const { signal } = this.hooks;
    return signal === undefined ? {} : { signal };
  }

  /** Time to live of messages in this queue. QUEUE_UNKNOWN. */
  ttlMs(queue: string): Promise<number> {
    let ttl = this.#ttl.get(queue);
    if (ttl === undefined) this.#ttl.set(queue, (ttl = queueSettings(this.ports, queue).then((settings) => settings.ttlMs)));
    return ttl;
  }

  /** The trash of this operation, made when the first letter goes there. */
  trash(): Promise<TrashWriter> {
    return (this.#trash ??= this.ports.trash.open(this.operation.id));
  }

  /** Durable when it resolves: what comes next may rely on it after a crash. */
  async advance(entry: LedgerEntry, stage: EntryStage): Promise<void> {
    await this.lease.mark(entry.index, { state: 'planned', stage, note: null });
  }

  /**
   * Writes an entry's end, without waiting, and many ends at once when they come fast: if it is lost in a crash, resuming
   * finds the letter gone or superseded, sees whether that was this operation, and writes it again. An error shows in `close`.
   */
  conclude(entry: LedgerEntry, end: EntryEnd): void {
    const { state, note } = end;
    this.#ends.push({ index: entry.index, mark: { state, stage: state === 'failed' ? end.stage : null, note } });
    if (this.ports.clock.monotonic() - this.#wroteAt >= ENDS_EVERY_MS) this.#writeEnds();
    this.#completed += 1;
    if (state === 'failed') this.#failed += 1;
    this.hooks.onProgress?.(this.#completed, this.total, this.#failed);
  }

  /** Throws what kept an end from being written: somebody else has the operation now, or the disk is full. */
  checkLedger(): void {
    if (this.#markFailure !== undefined) throw this.#markFailure.error;
  }

  /** Resolves when every end so far is stored, or could not be. */
  async settled(): Promise<void> {
    this.#writeEnds();
    // The journal stores marks in the order they were asked for, so the last one is the end of all.
    await this.#lastMark;
  }

  /** Waits for what is still being written. Throws when the ledger could not be. */
  async close(): Promise<void> {
    await this.settled();
    await (await this.#trash)?.close();
    this.checkLedger();
  }

  #writeEnds(): void {
    this.#wroteAt = this.ports.clock.monotonic();
    for (const { index, mark } of this.#ends.splice(0)) {
      this.#lastMark = this.lease.mark(index, mark).catch((error: unknown) => {
        this.#markFailure ??= { error };
      });
    }
  }
}

export type EntryEnd =
  | { readonly state: 'done' | 'skipped'; readonly note: string | null }
  | { readonly state: 'failed'; readonly note: string; readonly stage: EntryStage | null };
