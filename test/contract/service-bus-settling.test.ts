// What only Service Bus has about receiving and settling: outcomes that travel together, links that break and are made
// again, a ring of deliveries, credit at the broker.

import { describe, expect, onTestFinished, test } from 'vitest';

import type { ServiceBusBackend } from '../../src/drivers/service-bus/open-service-bus.js';
import type { FaultKind } from '../../src/emulator/faults.js';
import type { Delivery } from '../../src/ports/message-queue.js';
import { openTestEmulator, type TestEmulator } from '../support/emulator.js';
import { idsOf, LOCK_MS, message, QUEUE, receiveNow } from './queue-backend.js';
import { EMULATED_QUEUES, makeServiceBus, openTestServiceBus } from './service-bus-backend.js';

/** An emulator whose faults strike when the test says so. */
class Strikes {
  #left = 0;
  readonly random = (): number => {
    this.#left -= 1;
    return this.#left >= 0 ? 0 : 1;
  };

  next(times = 1): void {
    this.#left = times;
  }
}

async function openWithFault(fault: FaultKind): Promise<{ emulator: TestEmulator; backend: ServiceBusBackend; other: ServiceBusBackend; strikes: Strikes }> {
  const strikes = new Strikes();
  const emulator = await openTestEmulator({ queues: EMULATED_QUEUES, faults: { [fault]: 1 }, random: strikes.random });
  return { emulator, backend: await openTestServiceBus(emulator), other: await openTestServiceBus(emulator), strikes };
}

async function sendMany(backend: Pick<ServiceBusBackend, 'queue'>, count: number, prefix = 'm'): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  await backend.queue.send(ids.map((id) => message(id)));
  return ids;
}

async function receiveAll(backend: Pick<ServiceBusBackend, 'queue'>, count: number): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  while (deliveries.length < count) {
    const more = await backend.queue.receive({ queue: QUEUE, max: count - deliveries.length, waitMs: 5_000 });
    if (more.length === 0) throw new Error(`${count - deliveries.length} messages did not come`);
    deliveries.push(...more);
  }
  return deliveries;
}

/** Message id to reason. */
async function deadLetters({ deadLetters }: Pick<ServiceBusBackend, 'deadLetters'>): Promise<ReadonlyMap<string, string | null>> {
  const { letters } = await deadLetters.peek({ queue: QUEUE, limit: 1_000 });
  return new Map(letters.map(({ messageId, reason }) => [messageId, reason]));
}

describe('outcomes of one turn', () => {
  test('never cross over, whatever their order', async () => {
    const backend = await makeServiceBus();
    const ids = await sendMany(backend, 120);
    const deliveries = await receiveAll(backend, ids.length);
    const fates = deliveries.map((delivery, index) => ({ delivery, id: delivery.message.messageId, fate: (index * 7) % 5 }));
    // All in one turn of the event loop: neighbours complete, are dead-lettered for reasons of their own, or are kept.
    await Promise.all(
      fates.map(({ delivery, id, fate }) => {
        if (fate < 2) return delivery.complete();
        return fate < 4 ? delivery.deadLetter({ reason: `REASON_${id}`, description: id }) : delivery.release(0);
      }),
    );
    const dead = fates.filter(({ fate }) => fate === 2 || fate === 3).map(({ id }) => id);
    expect(Object.fromEntries(await deadLetters(backend))).toEqual(Object.fromEntries(dead.map((id) => [id, `REASON_${id}`])));
    await backend.advance(LOCK_MS + 1_000);
    const kept = fates.filter(({ fate }) => fate === 4).map(({ id }) => id);
    expect(idsOf(await receiveNow(backend, 500)).sort()).toEqual(kept.sort());
  });

  test('leave a message alone whose lock is renewed meanwhile', async () => {
    const backend = await makeServiceBus();
    const deliveries = await sendMany(backend, 30).then(() => receiveAll(backend, 30));
    await backend.advance(LOCK_MS / 2);
    await Promise.all(deliveries.map((delivery, index) => (index % 3 === 0 ? delivery.renewLock() : delivery.complete())));
    await backend.advance(LOCK_MS / 2 + 1_000);
    expect(await receiveNow(backend, 100)).toEqual([]);
    await backend.advance(LOCK_MS);
    expect(await receiveNow(backend, 100)).toHaveLength(10);
  });
});

describe('a connection that is cut', () => {
  test('leaves what is held with its holder, who settles it over the next one', async () => {
    const { emulator, backend, other } = await openWithFault('slow');
    await sendMany(backend, 6);
    const held = await receiveAll(backend, 6);
    emulator.dropConnections();
    await Promise.all(held.map((delivery, index) => (index % 2 === 0 ? delivery.complete() : delivery.deadLetter({ reason: 'ODD', description: '' }))));
    expect([...(await deadLetters(other)).keys()]).toEqual(['m-1', 'm-3', 'm-5']);
    expect((await backend.admin.list([QUEUE]))[0]?.counts.active).toBe(0);
  });

  test('does not mix deliveries of the old link with those of the new one, which have the same numbers', async () => {
    const { emulator, backend, other } = await openWithFault('slow');
    await sendMany(backend, 3, 'old');
    const old = await receiveAll(backend, 3);
    emulator.dropConnections();
    await sendMany(other, 3, 'new');
    const fresh = await receiveAll(backend, 3);
    await Promise.all([
      ...old.map((delivery) => delivery.deadLetter({ reason: 'OLD', description: '' })),
      ...fresh.slice(0, 2).map((delivery) => delivery.complete()),
      fresh[2]?.deadLetter({ reason: 'NEW', description: '' }),
    ]);
    expect(Object.fromEntries(await deadLetters(other))).toEqual({ 'old-0': 'OLD', 'old-1': 'OLD', 'old-2': 'OLD', 'new-2': 'NEW' });
    expect((await backend.admin.list([QUEUE]))[0]?.counts.active).toBe(0);
  });

  test('does not end a wait: the message that comes afterwards is handed out', async () => {
    const { emulator, backend, other } = await openWithFault('slow');
    const receiving = backend.queue.receive({ queue: QUEUE, max: 1, waitMs: 20_000 });
    await sendMany(other, 1, 'first');
    expect(idsOf(await receiving)).toEqual(['first-0']);
    const again = backend.queue.receive({ queue: QUEUE, max: 1, waitMs: 20_000 });
    emulator.dropConnections();
    await sendMany(other, 1, 'second');
    expect(idsOf(await again)).toEqual(['second-0']);
  });

  test('answers a settlement whose own answer was lost with LOCK_LOST at the latest, and soon', async () => {
    const { backend, strikes } = await openWithFault('lost-reply');
    await sendMany(backend, 1);
    const [delivery] = await receiveAll(backend, 1);
    strikes.next();
    await expect(delivery?.complete()).rejects.toMatchObject({ code: 'LOCK_LOST' });
    expect((await backend.admin.list([QUEUE]))[0]?.counts.active).toBe(0);
  });

  test('sends again what was not answered, under the same id, and says so', async () => {
    const { backend, strikes } = await openWithFault('lost-reply');
    let repeats = 0;
    await backend.queue.send([message('warm-0')], { onRepeat: () => (repeats += 1) });
    expect(repeats).toBe(0);
    strikes.next();
    await backend.queue.send([message('m-0')], { onRepeat: () => (repeats += 1) });
    expect(repeats).toBe(1);
    const ids = idsOf(await receiveAll(backend, 3));
    expect(ids.sort()).toEqual(['m-0', 'm-0', 'warm-0']);
  });
});

describe('a link that is detached', () => {
  test('is made again for sending and receiving', async () => {
    const { backend, other, strikes } = await openWithFault('detach-link');
    await sendMany(backend, 2);
    const [first] = await receiveAll(backend, 1);
    strikes.next();
    await sendMany(backend, 1, 'late');
    strikes.next();
    const rest = await receiveAll(other, 2);
    strikes.next();
    await first?.complete();
    await Promise.all(rest.map((delivery) => delivery.complete()));
    expect((await other.admin.list([QUEUE]))[0]?.counts.active).toBe(0);
  });
});

describe('the ring of deliveries', () => {
  test('does not stop behind a message that is held for long', { timeout: 60_000 }, async () => {
    const emulator = await openTestEmulator({ queues: EMULATED_QUEUES });
    const backend = await openTestServiceBus(emulator);
    await sendMany(backend, 1, 'long');
    const [long] = await receiveAll(backend, 1);
    const ids = await sendMany(backend, 4_500);
    const seen = new Set<string>();
    while (seen.size < ids.length) {
      const deliveries = await backend.queue.receive({ queue: QUEUE, max: 250, waitMs: 2_000 });
      if (deliveries.length === 0) break;
      for (const delivery of deliveries) seen.add(delivery.message.messageId);
      await Promise.all(deliveries.map((delivery) => delivery.complete()));
    }
    expect(seen.size).toBe(ids.length);
    await expect(long?.complete()).resolves.toBeUndefined();
  });
});

describe('credit', () => {
  test('is not left at the broker: what comes after a receive is for anybody', async () => {
    const { backend, other } = await openWithFault('slow');
    await sendMany(backend, 3);
    expect(await backend.queue.receive({ queue: QUEUE, max: 20, waitMs: 1_000 })).toHaveLength(3);
    await sendMany(backend, 20, 'later');
    expect(await receiveAll(other, 20)).toHaveLength(20);
  });

  test('is answered once for each receive, also when the way to the client is full: nothing gets stuck', { timeout: 60_000 }, async () => {
    const { backend, other } = await openWithFault('slow');
    const ids = Array.from({ length: 400 }, (_, index) => `large-${index}`);
    for (let from = 0; from < ids.length; from += 50) await other.queue.send(ids.slice(from, from + 50).map((id) => message(id, { body: 'x'.repeat(30_000) })));
    const taken: Delivery[] = [];
    const take = async (max: number): Promise<void> => {
      for (let deliveries = [] as Delivery[]; taken.length < ids.length; taken.push(...deliveries)) {
        deliveries = await backend.queue.receive({ queue: QUEUE, max, waitMs: 300 });
        if (deliveries.length === 0) return;
        await Promise.all(deliveries.map((delivery) => delivery.complete()));
      }
    };
    await Promise.all([take(3), take(5), take(7), take(11)]);
    expect(idsOf(taken).sort()).toEqual([...ids].sort());
  });

  test('is taken back when a wait is broken off: no message is lost between', { timeout: 60_000 }, async () => {
    const { backend, other } = await openWithFault('slow');
    const ids: string[] = [];
    const taken: Delivery[] = [];
    for (let round = 0; round < 150; round += 1) {
      const stop = new AbortController();
      const receiving = backend.queue.receive({ queue: QUEUE, max: 5, waitMs: 10_000, signal: stop.signal });
      const sending = sendMany(other, 1, `round-${round}`);
      const delayMs = (round % 30) / 5;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      stop.abort();
      ids.push(...(await sending));
      taken.push(...(await receiving));
      taken.push(...(await receiveNow({ ...other }, 5)));
    }
    expect(idsOf(taken).sort()).toEqual(ids.sort());
    expect(new Set(taken.map(({ message: { deliveryCount } }) => deliveryCount))).toEqual(new Set([0]));
  });
});

describe('a wrong key', () => {
  test.each<[string, (backend: ServiceBusBackend) => Promise<unknown>]>([
    ['send', (backend) => backend.queue.send([message('m')])],
    ['receive', (backend) => backend.queue.receive({ queue: QUEUE, max: 1, waitMs: 30_000 })],
    ['peek', (backend) => backend.deadLetters.peek({ queue: QUEUE, limit: 1 })],
  ])('is told at once: %s', async (_what, act) => {
    const emulator = await openTestEmulator({ queues: EMULATED_QUEUES });
    const connectionString = emulator.connectionString.replace(/SharedAccessKey=[^;]+/, `SharedAccessKey=${Buffer.from('another key').toString('base64')}`);
    const backend = await openTestServiceBus({ ...emulator, connectionString });
    await expect(act(backend)).rejects.toMatchObject({ code: 'SB_UNAUTHORIZED' });
  });
});

describe('throttling', () => {
  test('is waited for when it is short, and told when it stays', async () => {
    const { backend, strikes } = await openWithFault('server-busy');
    await sendMany(backend, 1, 'warm');
    strikes.next(1_000_000);
    await expect(backend.queue.send([message('busy')])).rejects.toMatchObject({ code: 'SB_THROTTLED' });
    strikes.next(0);
    await expect(backend.queue.send([message('fine')])).resolves.toBeUndefined();
  });
});

describe('work on dead letters that is throttled', () => {
  test('goes on where a send gives up: a restore waits for the pauses that the service asks for', { timeout: 30_000 }, async () => {
    const { backend, strikes } = await openWithFault('server-busy');
    await sendMany(backend, 1, 'letter');
    const [delivery] = await receiveAll(backend, 1);
    await delivery?.deadLetter({ reason: 'test', description: '' });
    const { letters } = await backend.deadLetters.peek({ queue: QUEUE, limit: 10 });
    // Two seconds each: longer than a send waits whose messages stay in an outbox.
    strikes.next(2);
    await expect(backend.deadLetters.restore(letters)).resolves.toMatchObject({ restored: 1 });
  });
});

describe('a broker that cannot be reached', () => {
  test('is told soon by a send and by a look, and within its wait by a receive', { timeout: 10_000 }, async () => {
    const backend = await openTestServiceBus({ connectionString: 'Endpoint=sb://localhost:1;SharedAccessKeyName=k;SharedAccessKey=azE=;UseDevelopmentEmulator=true', adminEndpoint: 'http://localhost:1' });
    onTestFinished(() => backend.close());
    await expect(backend.queue.send([message('m')])).rejects.toMatchObject({ code: 'SB_UNREACHABLE' });
    await expect(backend.queue.receive({ queue: QUEUE, max: 1, waitMs: 500 })).rejects.toMatchObject({ code: 'SB_UNREACHABLE' });
    await expect(backend.deadLetters.peek({ queue: QUEUE, limit: 1 })).rejects.toMatchObject({ code: 'SB_UNREACHABLE' });
  });
});
