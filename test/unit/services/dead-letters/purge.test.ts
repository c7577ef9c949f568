// Purging dead letters and bringing them back, on SQLite.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import type { Operation } from '../../../../src/domain/dead-letters/operation.js';
import { AppError } from '../../../../src/domain/errors.js';
import { parseSequenceRanges } from '../../../../src/domain/sequence-ranges.js';
import type { OperationOutcome } from '../../../../src/services/dead-letters/apply-operation.js';
import { findOperation, resumeOperation } from '../../../../src/services/dead-letters/find-operation.js';
import { showOperation, sweepOperations } from '../../../../src/services/dead-letters/operation-history.js';
import { planOperation } from '../../../../src/services/dead-letters/plan-operation.js';
import { draftRestore, planRestore } from '../../../../src/services/dead-letters/plan-restore.js';
import { withMethods, World } from './world.js';

async function restore(world: World, purge: Operation | string): Promise<OperationOutcome> {
  const plan = await planRestore(world.ports, { operation: typeof purge === 'string' ? purge : purge.id, by: 'operator', reasonText: null });
  try {
    return await world.apply(plan.lease);
  } finally {
    await plan.purgeLease.release();
  }
}

describe('purging', () => {
  test('its plan says how old the letters are and how much they hold', async () => {
    const world = await World.open();
    const first = world.clock.now();
    await world.deadJob();
    world.clock.advance(590_000);
    await world.deadJob();
    const { lease, counts } = await planOperation(world.ports, world.request('purge'));
    const held = (await world.letters()).reduce((sum, { body }) => sum + body.byteLength, 0);
    expect(counts).toMatchObject({ matched: 2, bytes: held, oldestAt: first, newestAt: first + 590_000 });
    await lease.discard();
  });

  test('removes messages and no jobs', async () => {
    const world = await World.open();
    const jobs = await world.deadJobs(3);
    const outcome = await world.run(world.request('purge', { reasonText: 'test data' }));
    expect(outcome.counts).toMatchObject({ matched: 3, done: 3, skipped: 0, failed: 0 });
    expect(outcome.operation).toMatchObject({ action: 'purge', state: 'finished', before: 3, after: 0, unexplained: 0 });
    expect(await world.letters()).toEqual([]);
    for (const { jobId } of jobs) expect((await world.job(jobId)).status).toBe('DeadLettered');
  });

  test('has every letter in the trash before it is removed', async () => {
    const world = await World.open();
    await world.deadJobs(70);
    const order: string[] = [];
    const ports = {
      ...world.ports,
      trash: withMethods(world.ports.trash, {
        open: async (operation) => {
          const writer = await world.ports.trash.open(operation);
          return {
            append: async (letter) => {
              await writer.append(letter);
              order.push(`kept ${letter.sequenceNumber}`);
            },
            close: () => writer.close(),
          };
        },
      }),
      deadLetters: withMethods(world.ports.deadLetters, {
        take: async function* (params) {
          for await (const taken of world.ports.deadLetters.take(params)) {
            if (taken.kind !== 'held') throw new Error('expected a held letter');
            yield {
              ...taken,
              complete: () => {
                order.push(`removed ${taken.letter.sequenceNumber}`);
                return taken.complete();
              },
            };
          }
        },
      }),
    };
    await world.run(world.request('purge'), {}, ports);
    const removed = order.filter((line) => line.startsWith('removed'));
    expect(removed).toHaveLength(70);
    for (const line of removed) expect(order.indexOf(line.replace('removed', 'kept'))).toBeLessThan(order.indexOf(line));
  });

  test('removes nothing when the trash cannot be written, and can be resumed when it can', async () => {
    const world = await World.open();
    await world.deadJobs(3);
    const full = () => Promise.reject(new AppError('DB_FULL', 'the disk is full'));
    const ports = { ...world.ports, trash: withMethods(world.ports.trash, { open: async () => ({ append: full, close: () => Promise.resolve() }) }) };
    const { lease } = await planOperation(world.ports, world.request('purge'));
    await expect(world.apply(lease, {}, ports)).rejects.toMatchObject({ code: 'DB_FULL' });
    expect(await world.letters()).toHaveLength(3);
    const resumed = await world.resume(lease.operation);
    expect(resumed.counts).toMatchObject({ matched: 3, done: 3 });
  });
});

describe('restoring', () => {
  test('puts everything back where it was, so that a replay finds it', async () => {
    const world = await World.open();
    const jobs = await world.deadJobs(100);
    await world.deadMessage({ body: new Uint8Array([0, 255]) });
    const before = await world.letters();
    const purge = await world.run(world.request('purge'));
    const outcome = await restore(world, purge.operation);
    expect(outcome.counts).toMatchObject({ matched: 101, done: 101, skipped: 0, failed: 0 });
    expect(outcome.operation).toMatchObject({ action: 'restore', restores: purge.operation.id, before: 0, after: 101, unexplained: 0 });
    expect(await world.letters()).toEqual(before);
    await world.run(world.request('replay'));
    for (const { jobId } of jobs) expect((await world.job(jobId)).sequence).toBe(2);
  });

  test('twice brings nothing back twice, also when the letters were replayed in between', async () => {
    const world = await World.open();
    await world.deadJobs(2);
    await world.deadMessage();
    const { operation } = await world.run(world.request('purge'));
    await restore(world, operation);
    await world.run(world.request('replay'));
    const again = await restore(world, operation);
    expect(again.counts).toMatchObject({ matched: 3, done: 0, skipped: 3, skippedReasons: { 'already-restored': 3 } });
    expect(await world.letters()).toEqual([]);
  });

  test('brings back what was purged again after a restore, by the newer purge', async () => {
    const world = await World.open();
    await world.deadJobs(2);
    const before = await world.letters();
    const first = await world.run(world.request('purge'));
    await restore(world, first.operation);
    const second = await world.run(world.request('purge'));
    expect((await restore(world, second.operation)).counts.done).toBe(2);
    expect(await world.letters()).toEqual(before);
  });

  test('leaves a letter that is there', async () => {
    const world = await World.open();
    await world.deadJobs(2);
    const letters = await world.letters();
    const { operation } = await world.run(world.request('purge'));
    await world.backend.deadLetters.restore(letters.slice(0, 1));
    const outcome = await restore(world, operation);
    expect(outcome.counts).toMatchObject({ done: 1, skipped: 1, skippedReasons: { 'already-there': 1 } });
    expect(await world.letters()).toEqual(letters);
  });

  test('fails letter by letter for what the trash has lost', async () => {
    const world = await World.open();
    await world.deadJobs(2);
    const { operation } = await world.run(world.request('purge'));
    const plan = await planRestore(world.ports, { operation: operation.id, by: 'operator', reasonText: null });
    rmSync(join(world.directory, 'copiloteval.trash'), { recursive: true });
    const outcome = await world.apply(plan.lease);
    await plan.purgeLease.release();
    expect(outcome.counts).toMatchObject({ matched: 2, failed: 2, failedErrors: { 'BLOB_NOT_FOUND: the trash does not have it': 2 } });
    await expect(draftRestore(world.ports, operation.id)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
  });

  test('takes a purge, and nothing else', async () => {
    const world = await World.open();
    await world.deadJobs(1);
    const { operation } = await world.run(world.request('replay'));
    await expect(restore(world, operation)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(restore(world, 'P0000000')).rejects.toMatchObject({ code: 'OPERATION_NOT_FOUND' });
    await expect(restore(world, 'nonsense')).rejects.toMatchObject({ code: 'OPERATION_NOT_FOUND' });
  });

  test('waits for nobody: a purge that is being applied is busy', async () => {
    const world = await World.open();
    await world.deadJobs(1);
    const { lease } = await planOperation(world.ports, world.request('purge'));
    await expect(restore(world, lease.operation)).rejects.toMatchObject({ code: 'OPERATION_BUSY' });
    await expect(resumeOperation(world.ports, lease.operation.id, 'purge')).rejects.toMatchObject({ code: 'OPERATION_BUSY' });
  });
});

describe('operations', () => {
  test('are found by their id in any case, and not by another action or on another store', async () => {
    const world = await World.open();
    await world.deadJobs(1);
    const { operation } = await world.run(world.request('purge'));
    expect((await findOperation(world.ports, ` ${operation.id.toLowerCase()}`)).id).toBe(operation.id);
    await expect(resumeOperation(world.ports, operation.id, 'replay')).rejects.toMatchObject({ code: 'INPUT_INVALID', hint: expect.stringContaining(`dlq purge --resume ${operation.id}`) as string });
    const elsewhere = { ...world.ports, letterScope: 'another' };
    await expect(findOperation(elsewhere, operation.id)).rejects.toMatchObject({ code: 'STORE_MISMATCH' });
  });

  test('are in the history with who, why, what and what came of it', async () => {
    const world = await World.open();
    await world.deadJobs(3);
    const [first] = await world.letters();
    await world.run(world.request('replay', { select: { sequences: parseSequenceRanges(first?.sequenceNumber ?? '') }, reasonText: 'one to try' }));
    world.clock.advance(1000);
    const purge = await world.run(world.request('purge', { by: 'somebody' }));
    const { operations } = await world.ports.journal.list({ limit: 10 });
    const items = await Promise.all(operations.map(({ operation }) => showOperation(world.ports, operation.id)));
    expect(items.map(({ operation, counts }) => [operation.action, operation.by, operation.reasonText, operation.selection, counts.done])).toEqual([
      ['purge', 'somebody', null, '--all', 2],
      ['replay', 'operator', 'one to try', `--sequence ${first?.sequenceNumber ?? ''}`, 1],
    ]);
    expect((await showOperation(world.ports, purge.operation.id)).holder).toBeNull();
    await expect(showOperation(world.ports, 'X')).rejects.toMatchObject({ code: 'OPERATION_NOT_FOUND' });
  });

  test('and their trash are forgotten when they are old', async () => {
    const world = await World.open();
    await world.deadJobs(1);
    const { operation } = await world.run(world.request('purge'));
    expect(await sweepOperations(world.ports, { operationsBefore: operation.createdAt, trashBefore: 0 })).toEqual({ operations: 0, trash: 0 });
    expect(await sweepOperations(world.ports, { operationsBefore: operation.createdAt + 1, trashBefore: Date.now() + 1000 })).toEqual({ operations: 1, trash: 1 });
    expect((await world.ports.journal.list({ limit: 10 })).operations).toEqual([]);
  });
});
