// Whether an operation adds up: matched = done + skipped + failed + pending, and what the queues show does not
// contradict the ledger.

import type { LedgerCount, LedgerEntry } from './operation.js';
import { REMOVING_SKIPS } from './replay-decision.js';

/** On a copy that was sent, and may have been sent before: by a run that was killed, or to a broker that did not answer. */
export const MAYBE_TWICE_NOTE = 'maybe-twice';

export interface OperationCounts {
  readonly matched: number;
  /** Replayed, purged or restored. */
  readonly done: number;
  readonly skipped: number;
  readonly failed: number;
  /** Not tried yet; 0 when the operation has ended. */
  readonly pending: number;
  /** Of the done: copies that may have been sent before. */
  readonly maybeTwice: number;
  readonly skippedReasons: Readonly<Record<string, number>>;
  readonly failedErrors: Readonly<Record<string, number>>;
}

export function countLedger(ledger: readonly LedgerCount[]): OperationCounts {
  const sum = (state: LedgerCount['state']): number =>
    ledger.reduce((total, line) => (line.state === state ? total + line.count : total), 0);
  return {
    matched: ledger.reduce((total, line) => total + line.count, 0),
    done: sum('done'),
    skipped: sum('skipped'),
    failed: sum('failed'),
    pending: sum('planned'),
    maybeTwice: byNote(ledger, 'done')[MAYBE_TWICE_NOTE] ?? 0,
    skippedReasons: byNote(ledger, 'skipped'),
    failedErrors: byNote(ledger, 'failed'),
  };
}

/** How a failure begins that found the letter under somebody else's lock. */
export const LOCKED_NOTE = 'locked';

/** How failures begin after which the letter may be there or not: somebody else's, or one whose removal was not answered. */
const OPEN_FAILURES = [LOCKED_NOTE, 'LOCK_LOST'];

export type ComparedEntry = Pick<LedgerEntry, 'do' | 'state' | 'stage' | 'note' | 'at' | 'sequenceNumber'>;

/**
 * Whether a letter must be absent from its dead-letter queue or present in it, by its entry. `either` where the ledger
 * leaves it open: a settlement that failed may have reached the broker, a letter that somebody else held is theirs, and
 * what was left before `since` (the start of this run) may have been taken by anybody in the meantime.
 */
export function expectedPresence(entry: ComparedEntry, since: number): 'absent' | 'present' | 'either' {
  const left = entry.at >= since ? 'present' : 'either';
  switch (entry.state) {
    case 'done':
      if (entry.do !== 'restore') return 'absent';
      return entry.note === 'dead-letter' ? left : 'either';
    case 'skipped':
      if (entry.do === 'restore') return 'either';
      return REMOVING_SKIPS.has(entry.note ?? '') || entry.note === 'gone' ? 'absent' : left;
    case 'failed':
      return entry.do === 'restore' || entry.stage !== null || OPEN_FAILURES.some((note) => entry.note?.startsWith(note)) ? 'either' : left;
    case 'planned':
      return 'either';
  }
}

/** Entries of one queue whose presence contradicts the ledger, given the numbers that a second peek found. */
export function countUnexplained(entries: readonly ComparedEntry[], found: ReadonlySet<string>, since: number): number {
  return entries.filter((entry) => {
    const expected = expectedPresence(entry, since);
    return expected !== 'either' && (expected === 'present') !== found.has(entry.sequenceNumber);
  }).length;
}

function byNote(ledger: readonly LedgerCount[], state: LedgerCount['state']): Readonly<Record<string, number>> {
  const totals = new Map<string, number>();
  for (const line of ledger) {
    if (line.state === state) totals.set(line.note ?? '', (totals.get(line.note ?? '') ?? 0) + line.count);
  }
  return Object.fromEntries([...totals].sort(([a], [b]) => (a < b ? -1 : 1)));
}
