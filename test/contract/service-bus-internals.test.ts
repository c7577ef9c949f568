// Pins what the driver reads of the inside of @azure/service-bus. With a newer version of the SDK these tests say what has to
// be looked at again; the driver itself would go on without it, slower to notice what was lost.

import { Socket } from 'node:net';

import { ServiceBusClient, type ServiceBusReceiver } from '@azure/service-bus';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { quietConnection } from '../../src/drivers/service-bus/quiet-connection.js';
import { failRequests, linkOfReceiver, linkOfSender, sendWithoutDelay, waitForDrain, watchConnection, watchLink } from '../../src/drivers/service-bus/sdk-internals.js';
import { openTestEmulator, type TestEmulator } from '../support/emulator.js';
import { Deferred } from '../support/turns.js';
import { QUEUE } from './queue-backend.js';
import { EMULATED_QUEUES } from './service-bus-backend.js';

let emulator: TestEmulator;
let client: ServiceBusClient;

beforeEach(async () => {
  emulator = await openTestEmulator({ queues: EMULATED_QUEUES });
  client = new ServiceBusClient(emulator.connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: 5_000 } });
});
afterEach(() => client.close());

async function openReceiver(): Promise<ServiceBusReceiver> {
  const receiver = client.createReceiver(QUEUE, { maxAutoLockRenewalDurationInMs: 0 });
  await receiver.receiveMessages(1, { maxWaitTimeInMs: 1 });
  return receiver;
}

describe('links', () => {
  test('of a receiver and of a sender are found, and say that they are open', async () => {
    const receiver = await openReceiver();
    const sender = client.createSender(QUEUE);
    expect(linkOfSender(sender)).toBeUndefined();
    await sender.createMessageBatch();
    expect(linkOfReceiver(receiver)?.is_open()).toBe(true);
    expect(linkOfSender(sender)?.is_open()).toBe(true);
  });

  test('tell at once when their connection is cut, and are closed then', async () => {
    const link = linkOfReceiver(await openReceiver());
    if (link === undefined) throw new Error('no link');
    const lost = new Deferred();
    watchLink(link, () => {
      expect(link.is_open()).toBe(false);
      lost.resolve();
    });
    emulator.dropConnections();
    await lost.promise;
  });

  test('tell nothing after the watch was ended', async () => {
    const link = linkOfReceiver(await openReceiver());
    if (link === undefined) throw new Error('no link');
    const told = vi.fn();
    const lost = new Deferred();
    watchLink(link, told)();
    watchLink(link, () => lost.resolve());
    emulator.dropConnections();
    await lost.promise;
    expect(told).not.toHaveBeenCalled();
  });
});

describe('a connection', () => {
  test('sends without delay from its first byte on', async () => {
    const spy = vi.spyOn(Socket.prototype, 'setNoDelay');
    sendWithoutDelay(client);
    await client.createSender(QUEUE).createMessageBatch();
    expect(spy.mock.calls).toContainEqual([true]);
    spy.mockRestore();
  });

  test('tells when it is lost', async () => {
    const lost = new Deferred();
    watchConnection(client, () => lost.resolve());
    await openReceiver();
    emulator.dropConnections();
    await lost.promise;
  });

  test('keeps what rhea has to say off the console: a message that comes without credit is kept like any other', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    quietConnection(client);
    const receiver = await openReceiver();
    const receiving = receiver.receiveMessages(1, { maxWaitTimeInMs: 20_000 });
    const link = linkOfReceiver(receiver) as unknown as { credit: number; connection: { _process(): void } };
    await vi.waitUntil(() => link.credit === 1);
    // The broker is told of the credit; then this side forgets that it gave any.
    link.connection._process();
    link.credit = 0;
    await client.createSender(QUEUE).sendMessages({ body: 'one', messageId: 'm-1' });
    expect((await receiving).map(({ messageId }) => messageId)).toEqual(['m-1']);
    expect(said).not.toHaveBeenCalled();
    expect(globalThis.console.error).toBe(said);
    said.mockRestore();
  });

  test('lets requests that wait for an answer be ended', async () => {
    const receiver = client.createReceiver(QUEUE);
    await receiver.peekMessages(1);
    const waiting = receiver.peekMessages(1).then(
      () => 'answered',
      (error: Error) => error.message,
    );
    // Microtasks only: no answer of the broker can come in between.
    for (let step = 0; step < 100; step += 1) {
      failRequests(client, new Error('ended'));
      await Promise.resolve();
    }
    expect(await waiting).toContain('ended');
  });
});

describe('a receive', () => {
  test('can be given longer than the SDK’s 200 ms until the broker has answered a drain', async () => {
    const receiver = client.createReceiver(QUEUE);
    const receiving = receiver.receiveMessages(1, { maxWaitTimeInMs: 1 });
    waitForDrain(receiver, 7_000);
    await receiving;
    expect(receiver).toMatchObject({ _batchingReceiver: { _batchingReceiverLite: { _drainTimeoutInMs: 7_000 } } });
  });
});
