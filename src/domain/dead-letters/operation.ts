// Replays, purges and restores as they are kept in the journal: the operation, its plan and its ledger.

import type { PayloadAssignment } from './payload-edit.js';
import type { SkipReason } from './replay-decision.js';

export type OperationAction = 'replay' | 'purge' | 'restore';

/**
 * planning → planned → applying → finished | partly. `planning`: its entries are still being written and nothing may be
 * applied. `partly`: every entry was tried and some failed; resuming tries those again.
 */
export type OperationState = 'planning' | 'planned' | 'applying' | 'partly' | 'finished';

export interface OperationSettings {
  /** Letters a second; null: as fast as it goes. */
  readonly ratePerSecond: number | null;
  /** A letter that was replayed this often before is skipped. */
  readonly maxReplays: number;
  /** Another queue than the letter's own; null: where it came from. */
  readonly toQueue: string | null;
  readonly delayMs: number;
  readonly edits: readonly PayloadAssignment[];
}

export interface Operation {
  readonly id: string;
  readonly action: OperationAction;
  readonly state: OperationState;
  /** Numbers of letters mean something only in the backend they were read from. */
  readonly storeId: string;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly by: string;
  /** Why, in the words of who did it. */
  readonly reasonText: string | null;
  readonly queues: readonly string[];
  /** The selection in words of the command line. */
  readonly selection: string;
  readonly settings: OperationSettings;
  /** For a restore: the purge whose letters it brings back. */
  readonly restores: string | null;
  /** Entries of the plan. */
  readonly matched: number;
  /** Dead letters in its queues when it was planned, as the backend counts. */
  readonly before: number;
  /** Known when it has been applied to its end. */
  readonly after: number | null;
  readonly unexplained: number | null;
}

/** What is to be done with one letter. */
export interface PlannedEntry {
  /** 1, 2, … in the order of the plan. */
  readonly index: number;
  readonly queue: string;
  readonly sequenceNumber: string;
  readonly messageId: string;
  /** SHA-256 of the body as it was peeked; a letter with another one is not touched. */
  readonly bodySha256: string;
  readonly bytes: number;
  readonly jobId: string | null;
  readonly type: string | null;
  readonly reason: string | null;
  readonly do: 'replay-job' | 'send-copy' | 'purge' | 'restore';
  /** The queue it goes to, or `trash`. */
  readonly target: string;
  /** What the plan foresees; applying looks again. */
  readonly expectedSkip: SkipReason | null;
}

export type EntryState = 'planned' | 'done' | 'skipped' | 'failed';

/**
 * How far an entry that is not done came. `sending`: a copy may have been sent. `secured`: what the letter holds is safe
 * elsewhere (job queued, copy sent, copy in the trash), so the letter itself only has to be completed; `-maybe-twice`: a
 * run before was killed while it sent the copy, so there may be two.
 */
export type EntryStage = 'sending' | 'secured' | 'secured-maybe-twice';

export function isSecured(stage: EntryStage | null): boolean {
  return stage === 'secured' || stage === 'secured-maybe-twice';
}

export interface LedgerEntry extends PlannedEntry {
  readonly state: EntryState;
  readonly stage: EntryStage | null;
  /** The reason of a skip, or the error of a failure. */
  readonly note: string | null;
  readonly at: number;
}

export interface LedgerCount {
  readonly state: EntryState;
  readonly stage: EntryStage | null;
  readonly note: string | null;
  readonly count: number;
}

const LETTERS: Readonly<Record<OperationAction, string>> = { replay: 'R', purge: 'P', restore: 'B' };
/** Crockford's base 32, in lower case: nothing in it is mistaken for something else. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ID_LENGTH = 7;

/** `R` (replay), `P` (purge) or `B` (bring back) and seven characters of chance: short to type, and no two machines make the same. */
export function newOperationId(action: OperationAction, random: () => number): string {
  let id = LETTERS[action];
  for (let index = 0; index < ID_LENGTH; index += 1) id += ALPHABET.charAt(Math.floor(random() * ALPHABET.length));
  return id;
}

/** The id as it is stored, from what somebody typed; undefined when it cannot be one. */
export function readOperationId(text: string): string | undefined {
  const match = /^([rpb])([0-9a-hjkmnp-tv-z]{7})$/i.exec(text.trim());
  return match?.[1] === undefined || match[2] === undefined ? undefined : match[1].toUpperCase() + match[2].toLowerCase();
}

/** True while resuming has something to do. */
export function isResumable(operation: Pick<Operation, 'state'>): boolean {
  return operation.state === 'planned' || operation.state === 'applying' || operation.state === 'partly';
}
