import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type ComparedEntry, countLedger, countUnexplained, expectedPresence } from '../../../../src/domain/dead-letters/equation.js';
import { isResumable, newOperationId, readOperationId, type LedgerCount } from '../../../../src/domain/dead-letters/operation.js';
import { SKIP_REASONS } from '../../../../src/domain/dead-letters/replay-decision.js';

const states = ['planned', 'done', 'skipped', 'failed'] as const;
const anyCount: fc.Arbitrary<LedgerCount> = fc.record({
  state: fc.constantFrom(...states),
  stage: fc.constantFrom(null, 'sending', 'secured'),
  note: fc.option(fc.constantFrom('gone', 'running', 'LOCK_LOST: x', 'maybe-twice')),
  count: fc.nat(1000),
});

test('matched is always done, skipped, failed and pending together', () => {
  fc.assert(
    fc.property(fc.array(anyCount), (ledger) => {
      const counts = countLedger(ledger);
      expect(counts.matched).toBe(counts.done + counts.skipped + counts.failed + counts.pending);
      const total = (notes: Readonly<Record<string, number>>): number => Object.values(notes).reduce((sum, count) => sum + count, 0);
      expect(total(counts.skippedReasons)).toBe(counts.skipped);
      expect(total(counts.failedErrors)).toBe(counts.failed);
      expect(counts.maybeTwice).toBeLessThanOrEqual(counts.done);
    }),
  );
});

const SINCE = 1_000;
function entry(changes: Partial<ComparedEntry>): ComparedEntry {
  return { do: 'replay-job', state: 'done', stage: null, note: null, at: SINCE, sequenceNumber: '1', ...changes };
}

describe('after an operation a letter', () => {
  test.each<[string, Partial<ComparedEntry>, string]>([
    ['that was replayed is absent', {}, 'absent'],
    ['that was replayed in an earlier run is absent', { at: 1 }, 'absent'],
    ['that is superseded was completed', { state: 'skipped', note: 'superseded' }, 'absent'],
    ['that was gone stays gone', { state: 'skipped', note: 'gone' }, 'absent'],
    ['that was left is there', { state: 'skipped', note: 'max-replays' }, 'present'],
    ['that was left by an earlier run may have been taken since', { state: 'skipped', note: 'max-replays', at: SINCE - 1 }, 'either'],
    ['that failed before anything was done is there', { state: 'failed', note: 'QUEUE_UNKNOWN: x' }, 'present'],
    ['whose completion failed may be there or not', { state: 'failed', note: 'LOCK_LOST: x', stage: 'secured' }, 'either'],
    ['of a job that has gone on may be gone although its removal failed', { state: 'failed', note: 'LOCK_LOST: x' }, 'either'],
    ['that somebody else holds is theirs', { state: 'failed', note: 'locked: x' }, 'either'],
    ['that was not tried says nothing', { state: 'planned' }, 'either'],
    ['that was restored is there', { do: 'restore', note: 'dead-letter' }, 'present'],
    ['that was restored as a message is not looked for', { do: 'restore', note: 'queue' }, 'either'],
    ['that was there before a restore may be taken', { do: 'restore', state: 'skipped', note: 'already-there' }, 'either'],
  ])('%s', (_, changes, expected) => {
    expect(expectedPresence(entry(changes), SINCE)).toBe(expected);
  });

  test('is unexplained exactly when its presence contradicts the ledger', () => {
    const anyEntry = fc.record({ state: fc.constantFrom(...states), note: fc.constantFrom(null, ...Object.keys(SKIP_REASONS)), stage: fc.constantFrom(null, 'secured' as const) });
    fc.assert(
      fc.property(fc.array(fc.tuple(anyEntry, fc.boolean())), (made) => {
        const entries = made.map(([changes], index) => entry({ ...changes, sequenceNumber: String(index) }));
        const found = new Set(entries.filter((_, index) => made[index]?.[1]).map(({ sequenceNumber }) => sequenceNumber));
        const wrong = entries.filter((each) => {
          const expected = expectedPresence(each, SINCE);
          return (expected === 'present' && !found.has(each.sequenceNumber)) || (expected === 'absent' && found.has(each.sequenceNumber));
        });
        expect(countUnexplained(entries, found, SINCE)).toBe(wrong.length);
      }),
    );
  });
});

describe('the id of an operation', () => {
  test('is short, says what it is, and reads back in any case', () => {
    fc.assert(
      fc.property(fc.constantFrom('replay', 'purge', 'restore'), fc.infiniteStream(fc.double({ min: 0, max: 0.999999, noNaN: true })), (action, chances) => {
        const id = newOperationId(action, () => chances.next().value as number);
        expect(id).toMatch(/^[RPB][0-9a-z]{7}$/);
        expect(readOperationId(` ${id.toUpperCase()} `)).toBe(id);
      }),
    );
  });

  test.each(['', 'R', 'X1234567', 'R12345678', 'Rilou123', '42'])('is not %j', (text) => {
    expect(readOperationId(text)).toBeUndefined();
  });

  test('of a finished operation cannot be resumed', () => {
    expect(isResumable({ state: 'finished' })).toBe(false);
    for (const state of ['planned', 'applying', 'partly'] as const) expect(isResumable({ state })).toBe(true);
  });
});
