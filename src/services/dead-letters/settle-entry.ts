// Carries out one entry of a replay or purge on the letter that the backend handed out for it.

import { MAYBE_TWICE_NOTE } from '../../domain/dead-letters/equation.js';
import { type EntryStage, isSecured, type LedgerEntry } from '../../domain/dead-letters/operation.js';
import { AppError, type ErrorCode } from '../../domain/errors.js';
import type { TakenLetter } from '../../ports/dead-letter-queue.js';
import type { EntryEnd, OperationRun } from './operation-run.js';
import { bodySha256 } from './plan-operation.js';
import { wasReplayedHere } from './own-replays.js';
import { replayEntry } from './replay-entry.js';

export type HeldLetter = Extract<TakenLetter, { kind: 'held' }>;

/** How far an entry came, for the case that it fails. */
export interface StageKeeper {
  /** Durable when it resolves: also for the case that the process dies. */
  advance(stage: EntryStage): Promise<void>;
  /** Where a run that follows can tell by other means. */
  reached(stage: EntryStage): void;
}

/** What is this letter's own matter. Anything else (a full disk, a lost backend) ends the run, and resuming goes on. */
const ENTRY_FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INPUT_INVALID',
  'PAYLOAD_INVALID',
  'PAYLOAD_TOO_LARGE',
  'QUEUE_UNKNOWN',
  'JOB_CONFLICT',
  'JOB_STATE',
  'LOCK_LOST',
  'MESSAGE_INVALID',
  'BLOB_NOT_FOUND',
  'BLOB_CORRUPT',
]);

/** Writes the end of an entry whose letter is not there. */
export async function settleGone(run: OperationRun, entry: LedgerEntry): Promise<void> {
  // We completed it and died before the ledger knew.
  if (isSecured(entry.stage)) run.conclude(entry, doneAt(entry.stage));
  else if (await wasReplayedHere(run, entry)) run.conclude(entry, { state: 'done', note: null });
  else run.conclude(entry, { state: 'skipped', note: 'gone' });
}

/** Settles the letter, or releases it, and writes the entry's end. Throws what is not this letter's own matter. */
export async function settleHeld(run: OperationRun, entry: LedgerEntry, held: HeldLetter): Promise<void> {
  let stage = entry.stage;
  const keeper: StageKeeper = {
    advance: async (next) => {
      await run.advance(entry, next);
      stage = next;
    },
    reached: (next) => {
      stage = next;
    },
  };
  try {
    const end = await actOn(run, entry, held, keeper);
    run.conclude(entry, end.state === 'done' ? doneAt(stage) : end);
  } catch (error) {
    // Its lock may be lost already; then there is nothing to give back.
    await held.release().catch(() => undefined);
    if (!(error instanceof AppError) || !ENTRY_FAULTS.has(error.code)) throw error;
    run.conclude(entry, { state: 'failed', note: `${error.code}: ${error.message}`, stage });
  }
}

async function actOn(run: OperationRun, entry: LedgerEntry, held: HeldLetter, keeper: StageKeeper): Promise<EntryEnd> {
  run.checkLedger();
  if (isSecured(entry.stage)) {
    await held.complete();
    return doneAt(entry.stage);
  }
  if (held.letter.messageId !== entry.messageId || bodySha256(held.letter.body) !== entry.bodySha256) {
    throw new AppError('MESSAGE_INVALID', 'the letter is not the one that was planned');
  }
  if (run.operation.action === 'replay') return replayEntry(run, entry, held, keeper);
  await (await run.trash()).append(held.letter);
  // A crash here leaves the letter and a copy in the trash; resuming makes a second copy, which restoring ignores.
  await keeper.advance('secured');
  // A crash here leaves the letter, and the ledger knows that it only has to be completed.
  await held.complete();
  return { state: 'done', note: null };
}

function doneAt(stage: EntryStage | null): EntryEnd {
  return { state: 'done', note: stage === 'secured-maybe-twice' ? MAYBE_TWICE_NOTE : null };
}
