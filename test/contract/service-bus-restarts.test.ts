// A broker that is killed and started again on the same file, under everything that this driver keeps open.

import { onTestFinished, describe, expect, test } from 'vitest';

import type { ServiceBusBackend } from '../../src/drivers/service-bus/open-service-bus.js';
import { type EmulatorProcess, openEmulatorProcess } from '../support/emulator-process.js';
import { tempDir } from '../support/temp-dir.js';
import { deadLetterAll, idsOf, message, QUEUE } from './queue-backend.js';
import { EMULATED_QUEUES, openTestServiceBus } from './service-bus-backend.js';

const WAIT_MS = 30_000;

async function openBoth(): Promise<{ emulator: EmulatorProcess; backend: ServiceBusBackend; other: ServiceBusBackend }> {
  const emulator = await openEmulatorProcess({ directory: tempDir(), queues: EMULATED_QUEUES });
  onTestFinished(() => emulator.kill());
  return { emulator, backend: await openTestServiceBus(emulator), other: await openTestServiceBus(emulator) };
}

async function restart(emulator: EmulatorProcess): Promise<void> {
  await emulator.kill();
  await emulator.start();
}

describe('a broker that is killed and started again', { timeout: 60_000 }, () => {
  test('does not end a waiting receive', async () => {
    const { emulator, backend, other } = await openBoth();
    await backend.queue.send([message('before')]);
    const [before] = await backend.queue.receive({ queue: QUEUE, max: 1, waitMs: WAIT_MS });
    await before?.complete();
    const receiving = backend.queue.receive({ queue: QUEUE, max: 1, waitMs: WAIT_MS });
    await restart(emulator);
    await other.queue.send([message('after')]);
    expect(idsOf(await receiving)).toEqual(['after']);
  });

  test('lets held deliveries end: each is settled, or its lock is lost and its message comes again', async () => {
    const { emulator, backend } = await openBoth();
    const ids = Array.from({ length: 40 }, (_, index) => `m-${index}`);
    await backend.queue.send(ids.map((id) => message(id)));
    const held = await backend.queue.receive({ queue: QUEUE, max: 40, waitMs: WAIT_MS });
    expect(held).toHaveLength(40);
    await restart(emulator);
    const settled = await Promise.allSettled(held.map((delivery) => delivery.complete()));
    const lost = held.filter((_, index) => settled[index]?.status === 'rejected');
    for (const outcome of settled) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'LOCK_LOST' });
    const again: string[] = [];
    while (again.length < lost.length) {
      const deliveries = await backend.queue.receive({ queue: QUEUE, max: 40, waitMs: WAIT_MS });
      if (deliveries.length === 0) break;
      again.push(...idsOf(deliveries));
      await Promise.all(deliveries.map((delivery) => delivery.complete()));
    }
    expect(again.sort()).toEqual(idsOf(lost).sort());
    expect(await backend.queue.receive({ queue: QUEUE, max: 40, waitMs: 0 })).toEqual([]);
  });

  test('loses nothing that was sent, and takes what is sent when it is back', async () => {
    const { emulator, backend } = await openBoth();
    await backend.queue.send(['a', 'b'].map((id) => message(id)));
    await emulator.kill();
    await expect(backend.queue.send([message('c')])).rejects.toMatchObject({ code: 'SB_UNREACHABLE' });
    await emulator.start();
    await backend.queue.send([message('d')]);
    const ids: string[] = [];
    while (ids.length < 3) ids.push(...idsOf(await backend.queue.receive({ queue: QUEUE, max: 10, waitMs: WAIT_MS })));
    expect(ids.sort()).toEqual(['a', 'b', 'd']);
  });

  test('does not end the taking of dead letters', async () => {
    const { emulator, backend } = await openBoth();
    const ids = Array.from({ length: 30 }, (_, index) => `m-${index}`);
    await deadLetterAll(backend, ids);
    const letters = (await backend.deadLetters.peek({ queue: QUEUE, limit: 100 })).letters;
    const ends = new Map<string, string>();
    const sequenceNumbers = new Set(letters.map(({ sequenceNumber }) => sequenceNumber));
    for await (const taken of backend.deadLetters.take({ queue: QUEUE, sequenceNumbers, inFlight: 4 })) {
      const number = taken.kind === 'held' ? taken.letter.sequenceNumber : taken.sequenceNumber;
      if (ends.size === 10) await restart(emulator);
      const end = taken.kind === 'held' ? taken.complete().then(() => 'completed') : Promise.resolve(taken.kind);
      ends.set(number, await end.catch((error: { code: string }) => error.code));
    }
    expect(ends.size).toBe(letters.length);
    const there = (await backend.deadLetters.peek({ queue: QUEUE, limit: 100 })).letters.map(({ sequenceNumber }) => sequenceNumber);
    expect([...ends].filter(([, end]) => end !== 'completed').map(([number]) => number).sort()).toEqual([...there].sort());
    expect(there.length).toBeLessThanOrEqual(4);
  });

  test('is waited for no longer than a settlement is worth', async () => {
    const { emulator, backend } = await openBoth();
    await backend.queue.send([message('m')]);
    const [delivery] = await backend.queue.receive({ queue: QUEUE, max: 1, waitMs: WAIT_MS });
    await emulator.kill();
    await expect(delivery?.complete()).rejects.toMatchObject({ code: 'SB_UNREACHABLE' });
    await emulator.start();
    // A failed try is no settlement: the same delivery can be settled again, if its lock has lasted.
    const again = await delivery?.complete().then(
      () => 'completed',
      (error: { code: string }) => error.code,
    );
    expect(['completed', 'LOCK_LOST']).toContain(again);
  });
});
