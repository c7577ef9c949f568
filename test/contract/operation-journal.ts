// The contract of OperationJournal: what is written is there after a reopening, and one process at a time works on an operation.

import { describe, expect, test } from 'vitest';

import type { PlannedEntry } from '../../src/domain/dead-letters/operation.js';
import type { NewOperation, OperationJournal, OperationLease } from '../../src/ports/operation-journal.js';
import type { TestClock } from './contract-backend.js';

export interface JournalUnderTest {
  readonly journal: OperationJournal;
  readonly clock: TestClock;
  /** The same journal as another process of this machine has it; one that is gone with `alive: false`. */
  another(process: { alive: boolean }): OperationJournal;
}

export function testOperation(id: string, changes: Partial<NewOperation> = {}): NewOperation {
  return {
    id,
    action: 'replay',
    storeId: 'store-1',
    createdAt: 1_000,
    by: 'someone',
    reasonText: 'the bug is fixed',
    queues: ['first-queue'],
    selection: '--all',
    settings: { ratePerSecond: null, maxReplays: 3, toQueue: null, delayMs: 0, edits: [] },
    restores: null,
    ...changes,
  };
}

export function testEntry(index: number, changes: Partial<PlannedEntry> = {}): PlannedEntry {
  return {
    index,
    queue: 'first-queue',
    sequenceNumber: String(100 + index),
    messageId: `message-${index}`,
    bodySha256: 'a'.repeat(64),
    bytes: 12,
    jobId: null,
    type: 'echo',
    reason: 'ATTEMPTS_EXHAUSTED',
    do: 'replay-job',
    target: 'first-queue',
    expectedSkip: null,
    ...changes,
  };
}

async function planned(journal: OperationJournal, id: string, entries: number, changes: Partial<NewOperation> = {}): Promise<OperationLease> {
  const lease = await journal.begin(testOperation(id, changes));
  await lease.addEntries(Array.from({ length: entries }, (_, index) => testEntry(index + 1)));
  await lease.update({ state: 'planned', matched: entries, before: entries });
  return lease;
}

export function operationJournalContract(make: () => JournalUnderTest): void {
  describe('operation journal', () => {
    test('keeps an operation and its entries for another process', async () => {
      const { journal, another } = make();
      const lease = await planned(journal, 'R0000001', 3);
      await lease.release();
      const other = another({ alive: true });
      expect(await other.find('R0000001')).toEqual({
        holder: null,
        cursor: expect.any(String),
        operation: { ...testOperation('R0000001'), state: 'planned', startedAt: null, finishedAt: null, matched: 3, before: 3, after: null, unexplained: null },
      });
      expect(await other.entries({ operation: 'R0000001', limit: 2 })).toEqual([
        { ...testEntry(1), state: 'planned', stage: null, note: null, at: expect.any(Number) as number },
        { ...testEntry(2), state: 'planned', stage: null, note: null, at: expect.any(Number) as number },
      ]);
      expect((await other.entries({ operation: 'R0000001', afterIndex: 2, limit: 2 })).map(({ index }) => index)).toEqual([3]);
    });

    test('answers entries by state and by letter', async () => {
      const { journal } = make();
      const lease = await planned(journal, 'R0000001', 4);
      await lease.mark(1, { state: 'done', stage: null, note: null });
      await lease.mark(2, { state: 'skipped', stage: null, note: 'running' });
      await lease.mark(3, { state: 'planned', stage: 'secured', note: null });
      expect((await journal.entries({ operation: 'R0000001', states: ['planned'], limit: 10 })).map(({ index, stage }) => [index, stage])).toEqual([
        [3, 'secured'],
        [4, null],
      ]);
      const found = await journal.entriesOf({ operation: 'R0000001', queue: 'first-queue', sequenceNumbers: ['102', '999', '104'] });
      expect(found.map(({ index, note }) => [index, note]).sort()).toEqual([
        [2, 'running'],
        [4, null],
      ]);
      expect(await journal.entriesOf({ operation: 'R0000001', queue: 'second-queue', sequenceNumbers: ['102'] })).toEqual([]);
    });

    test('tells the last number of the plan in each queue, however many digits numbers have', async () => {
      const { journal } = make();
      const lease = await planned(journal, 'R0000001', 1);
      await lease.addEntries([
        testEntry(2, { sequenceNumber: '9223372036854775806' }),
        testEntry(3, { sequenceNumber: '99' }),
        testEntry(4, { queue: 'second-queue', sequenceNumber: '9' }),
        testEntry(5, { queue: 'second-queue', sequenceNumber: '10' }),
      ]);
      await planned(journal, 'R0000002', 3);
      expect(await journal.lastNumbers('R0000001')).toEqual(new Map([['first-queue', 9223372036854775806n], ['second-queue', 10n]]));
    });

    test('counts entries by state, stage and note', async () => {
      const { journal } = make();
      const lease = await planned(journal, 'R0000001', 5);
      await Promise.all([1, 2].map((index) => lease.mark(index, { state: 'skipped', stage: null, note: 'gone' })));
      await lease.mark(3, { state: 'failed', stage: 'secured', note: 'LOCK_LOST: too late' });
      const counts = await journal.counts('R0000001');
      expect([...counts].sort((a, b) => (a.state < b.state ? -1 : 1))).toEqual([
        { state: 'failed', stage: 'secured', note: 'LOCK_LOST: too late', count: 1 },
        { state: 'planned', stage: null, note: null, count: 2 },
        { state: 'skipped', stage: null, note: 'gone', count: 2 },
      ]);
    });

    test('refuses a letter that is in the plan already, and stores nothing of that call', async () => {
      const { journal } = make();
      const lease = await planned(journal, 'R0000001', 1);
      await expect(lease.addEntries([testEntry(2), testEntry(3, { sequenceNumber: '101' })])).rejects.toThrow();
      expect(await journal.entries({ operation: 'R0000001', limit: 10 })).toHaveLength(1);
    });

    test('lets one process at a time work on an operation', async () => {
      const { journal, another } = make();
      const lease = await planned(journal, 'R0000001', 1);
      const other = another({ alive: true });
      await expect(other.acquire('R0000001')).rejects.toMatchObject({ code: 'OPERATION_BUSY' });
      expect((await other.find('R0000001'))?.holder).not.toBeNull();
      await lease.release();
      const taken = await other.acquire('R0000001');
      expect(taken.operation.matched).toBe(1);
      await expect(journal.acquire('R0000001')).rejects.toMatchObject({ code: 'OPERATION_BUSY' });
    });

    test('of two that ask at once, one gets the operation', async () => {
      const { journal, another } = make();
      await (await planned(journal, 'R0000001', 1)).release();
      const answers = await Promise.allSettled([journal.acquire('R0000001'), another({ alive: true }).acquire('R0000001')]);
      expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });

    test('frees the operation of a process that is gone at once', async () => {
      const { journal, another } = make();
      const dead = another({ alive: false });
      await planned(dead, 'R0000001', 1);
      const lease = await journal.acquire('R0000001');
      await lease.mark(1, { state: 'done', stage: null, note: null });
      expect(await journal.counts('R0000001')).toEqual([{ state: 'done', stage: null, note: null, count: 1 }]);
    });

    test('keeps a process that lost its lease from writing', async () => {
      const { journal, another, clock } = make();
      const slept = await planned(journal, 'R0000001', 2);
      clock.advance(31_000);
      const lease = await another({ alive: true }).acquire('R0000001');
      await expect(slept.mark(1, { state: 'done', stage: null, note: null })).rejects.toMatchObject({ code: 'OPERATION_BUSY' });
      await expect(slept.update({ state: 'finished' })).rejects.toMatchObject({ code: 'OPERATION_BUSY' });
      await slept.release();
      await lease.mark(2, { state: 'done', stage: null, note: null });
      expect((await journal.entries({ operation: 'R0000001', limit: 10 })).map(({ state }) => state)).toEqual(['planned', 'done']);
    });

    test('does not let a clock that was set back keep an operation locked', async () => {
      const { journal, another, clock } = make();
      clock.advance(3_600_000);
      await planned(journal, 'R0000001', 1);
      clock.advance(-3_600_000);
      expect((await another({ alive: true }).acquire('R0000001')).operation.id).toBe('R0000001');
    });

    test('knows nothing of an operation that was discarded', async () => {
      const { journal } = make();
      const lease = await planned(journal, 'R0000001', 2);
      await lease.discard();
      expect(await journal.find('R0000001')).toBeUndefined();
      expect(await journal.entries({ operation: 'R0000001', limit: 10 })).toEqual([]);
      await expect(journal.acquire('R0000001')).rejects.toMatchObject({ code: 'OPERATION_NOT_FOUND' });
    });

    test('lists the newest first, in pages, without plans that are still being written', async () => {
      const { journal } = make();
      for (const id of ['R0000001', 'P0000002', 'R0000003']) await (await planned(journal, id, 1)).release();
      await journal.begin(testOperation('R0000004'));
      const first = await journal.list({ limit: 2 });
      expect(first.operations.map(({ operation }) => operation.id)).toEqual(['R0000003', 'P0000002']);
      const second = await journal.list({ limit: 2, cursor: first.nextCursor ?? '' });
      expect(second.operations.map(({ operation }) => operation.id)).toEqual(['R0000001']);
      expect(second.nextCursor).toBeNull();
      await expect(journal.list({ limit: 2, cursor: 'x' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    });

    test('knows which letters of a purge were restored', async () => {
      const { journal } = make();
      await (await planned(journal, 'P0000001', 3, { action: 'purge' })).release();
      const restore = await planned(journal, 'B0000001', 3, { action: 'restore', restores: 'P0000001' });
      await restore.mark(2, { state: 'done', stage: null, note: 'dead-letter' });
      await restore.mark(3, { state: 'failed', stage: null, note: 'x' });
      const restored = await journal.restoredOf({ operation: 'P0000001', queue: 'first-queue', sequenceNumbers: ['101', '102', '103'] });
      expect([...restored]).toEqual(['102']);
      expect((await journal.restoresOf('P0000001')).map(({ operation }) => operation.id)).toEqual(['B0000001']);
    });

    test('sweeps old operations and plans that nobody finished, but nothing that is worked on', async () => {
      const { journal, another } = make();
      await (await planned(journal, 'R0000001', 1, { createdAt: 10 })).release();
      await (await planned(journal, 'R0000002', 1, { createdAt: 200 })).release();
      await another({ alive: false }).begin(testOperation('R0000003', { createdAt: 300 }));
      await journal.begin(testOperation('R0000004', { createdAt: 300 }));
      await planned(journal, 'R0000005', 1, { createdAt: 20 });
      expect([...(await journal.sweep(100)).operations].sort()).toEqual(['R0000001', 'R0000003']);
      expect(await journal.find('R0000001')).toBeUndefined();
      expect(await journal.entries({ operation: 'R0000001', limit: 10 })).toEqual([]);
      for (const id of ['R0000002', 'R0000004', 'R0000005']) expect(await journal.find(id)).toBeDefined();
    });
  });
}
