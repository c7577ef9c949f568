// Each fault as a client sees it, and what is on the broker afterwards.

import { describe, expect, test } from 'vitest';

import type { FaultKind } from '../../src/emulator/faults.js';
import { connect, type EmulatorClient, failure, openClient, receiveNow, receiveOne } from './emulator-clients.js';

interface Faulty extends EmulatorClient {
  /** From now on this kind strikes always; null: none does. */
  readonly strike: (on: boolean) => void;
}

/** One kind, off until the test says so. */
async function open(kind: FaultKind): Promise<Faulty> {
  let on = false;
  const { emulator } = await openClient({}, { faults: { [kind]: 0.5 }, random: () => (on ? 0 : 0.9) });
  // The SDK notices only by its timeout that what it waits for went with the connection.
  const client = connect(emulator.connectionString, { maxRetries: 0, timeoutInMs: 1_000 });
  return { emulator, client, strike: (now) => void (on = now) };
}

async function countOf({ emulator }: Faulty): Promise<number> {
  return (await emulator.catalog.runtime('q'))?.active ?? -1;
}

describe('a send', () => {
  test('is refused and not kept when the service is busy', async () => {
    const world = await open('server-busy');
    const sender = world.client.createSender('q');
    await sender.sendMessages({ body: 1 });
    world.strike(true);
    expect(await failure(sender.sendMessages({ body: 2 }))).toMatchObject({ code: 'ServiceBusy' });
    expect(await failure(sender.scheduleMessages({ body: 3 }, new Date(Date.now() + 60_000)))).toMatchObject({ code: 'ServiceBusy' });
    expect(await failure(world.client.createReceiver('q').receiveMessages(1, { maxWaitTimeInMs: 500 }))).toMatchObject({ code: 'ServiceBusy' });
    world.strike(false);
    expect(await countOf(world)).toBe(1);
    expect(world.emulator.faults.counts()).toEqual({ 'server-busy': 3 });
  });

  test.each(['drop-connection', 'detach-link'] as const)('is not kept under %s, and the same sender goes on afterwards', async (kind) => {
    const world = await open(kind);
    const sender = world.client.createSender('q');
    await sender.sendMessages({ body: 1 });
    world.strike(true);
    const failed = failure(sender.sendMessages({ body: 2 }));
    await expect.poll(() => world.emulator.faults.counts()[kind] ?? 0).toBeGreaterThan(0);
    world.strike(false);
    await failed;
    expect(await countOf(world)).toBe(1);
    await sender.sendMessages({ body: 3 });
    expect(await countOf(world)).toBe(2);
  });

  test('is kept under lost-reply, although it fails', async () => {
    const world = await open('lost-reply');
    const sender = world.client.createSender('q');
    await sender.sendMessages({ body: 1 });
    world.strike(true);
    const failed = failure(sender.sendMessages({ body: 2 }));
    await expect.poll(() => countOf(world)).toBe(2);
    world.strike(false);
    await failed;
    expect(await countOf(world)).toBe(2);
  });

  test('is answered late under slow', async () => {
    const world = await open('slow');
    const sender = world.client.createSender('q');
    await sender.sendMessages({ body: 1 });
    world.strike(true);
    const start = performance.now();
    await sender.sendMessages({ body: 2 });
    expect(performance.now() - start).toBeGreaterThanOrEqual(490);
  });
});

describe('a settlement', () => {
  test('fails with the lock lost, and the message comes again, counted once', async () => {
    const world = await open('lose-lock');
    await world.client.createSender('q').sendMessages({ body: 1 });
    const receiver = world.client.createReceiver('q');
    const message = await receiveOne(receiver);
    world.strike(true);
    expect(await failure(receiver.completeMessage(message))).toMatchObject({ code: 'MessageLockLost' });
    world.strike(false);
    const again = await receiveOne(receiver);
    expect(again).toMatchObject({ body: 1, deliveryCount: 1 });
    world.strike(true);
    expect(await failure(receiver.renewMessageLock(again))).toMatchObject({ code: 'MessageLockLost' });
    world.strike(false);
    expect(await receiveOne(receiver)).toMatchObject({ deliveryCount: 2 });
  });

  test.each([
    ['drop-connection', 1],
    ['lost-reply', 0],
    ['detach-link', 0],
  ] as const)('under %s leaves %d message on the queue', async (kind, left) => {
    const world = await open(kind);
    await world.client.createSender('q').sendMessages({ body: 1 });
    const receiver = world.client.createReceiver('q');
    const message = await receiveOne(receiver);
    world.strike(true);
    const settled = receiver.completeMessage(message).then(
      () => 'done',
      () => 'failed',
    );
    await expect.poll(() => world.emulator.faults.counts()[kind] ?? 0).toBeGreaterThan(0);
    world.strike(false);
    await settled;
    expect(await countOf(world)).toBe(left);
  });
});

test('a management request that gets no answer was done all the same', async () => {
  const world = await open('lost-reply');
  const sender = world.client.createSender('q');
  await sender.scheduleMessages({ body: 1 }, new Date(Date.now() + 60_000));
  world.strike(true);
  const failed = failure(sender.scheduleMessages({ body: 2 }, new Date(Date.now() + 60_000)));
  await expect.poll(async () => (await world.emulator.catalog.runtime('q'))?.scheduled).toBe(2);
  world.strike(false);
  await failed;
  expect(await receiveNow(world.client.createReceiver('q'))).toEqual([]);
});
