// The emulator as the official SDK for JavaScript sees it: every operation of a queue.

import { ServiceBusClient } from '@azure/service-bus';
import { expect, onTestFinished, test } from 'vitest';

import { openTestEmulator } from '../support/emulator.js';

const RETRY = { maxRetries: 0, timeoutInMs: 5_000 };

async function open(): Promise<ServiceBusClient> {
  const emulator = await openTestEmulator({ queues: [{ name: 'q' }] });
  const client = new ServiceBusClient(emulator.connectionString, { retryOptions: RETRY });
  onTestFinished(() => client.close());
  return client;
}

test('a message comes as it was sent, and is gone when it is completed', async () => {
  const client = await open();
  const sender = client.createSender('q');
  await sender.sendMessages({ body: { a: 1 }, messageId: 'm1', applicationProperties: { n: 5, s: 'x', b: true }, subject: 'sub' });
  const receiver = client.createReceiver('q');
  const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 2_000 });
  expect(message).toMatchObject({ body: { a: 1 }, messageId: 'm1', applicationProperties: { n: 5, s: 'x', b: true }, subject: 'sub', deliveryCount: 0 });
  expect(message?.sequenceNumber?.toNumber()).toBe(1);
  if (message !== undefined) await receiver.completeMessage(message);
  expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 300 })).toEqual([]);
});
