// The emulator's process killed with SIGKILL while clients send, receive and settle: what was accepted is there, what was
// completed is gone, what was locked is free.

import { ServiceBusClient } from '@azure/service-bus';
import Long from 'long';
import { expect, onTestFinished, test } from 'vitest';

import { type EmulatorProcess, openEmulatorProcess } from '../support/emulator-process.js';
import { tempDir } from '../support/temp-dir.js';
import { byLength } from '../crash/run-length.js';

const ONE_TRY = { maxRetries: 0, timeoutInMs: 2_000 };
const FIVE_MINUTES = 300_000;

test('locks are free after a kill, and what was set aside, scheduled or dead-lettered is as it was', async () => {
  const emulator = await open();
  const before = connect(emulator);
  const sender = before.createSender('q');
  await sender.sendMessages([{ body: 'held' }, { body: 'deferred' }, { body: 'dead' }, { body: 'deferred and held' }]);
  await sender.scheduleMessages({ body: 'scheduled' }, new Date(Date.now() + FIVE_MINUTES));
  const receiver = before.createReceiver('q');
  const [held, deferred, dead, again] = await receiver.receiveMessages(4, { maxWaitTimeInMs: 2_000 });
  if (held === undefined || deferred === undefined || dead === undefined || again === undefined) throw new Error('four were sent');
  await receiver.deferMessage(deferred);
  await receiver.deferMessage(again);
  await receiver.deadLetterMessage(dead, { deadLetterReason: 'R', deadLetterErrorDescription: 'D' });
  await receiver.receiveDeferredMessages([Long.fromNumber(4)]);

  await emulator.kill();
  await emulator.start();

  const after = connect(emulator);
  const free = await after.createReceiver('q').receiveMessages(5, { maxWaitTimeInMs: 2_000 });
  expect(free.map(({ body, deliveryCount }) => [body as unknown, deliveryCount])).toEqual([['held', 0]]);
  const peeked = await after.createReceiver('q').peekMessages(9);
  expect(peeked.map(({ body, state, sequenceNumber }) => [body as unknown, state, sequenceNumber?.toNumber()])).toEqual([
    ['held', 'active', 1],
    ['deferred', 'deferred', 2],
    ['deferred and held', 'deferred', 4],
    ['scheduled', 'scheduled', 5],
  ]);
  expect(await after.createReceiver('q').receiveDeferredMessages([Long.fromNumber(2), Long.fromNumber(4)])).toHaveLength(2);
  expect(await after.createReceiver('q', { subQueueType: 'deadLetter' }).receiveMessages(1, { maxWaitTimeInMs: 2_000 })).toMatchObject([{ body: 'dead', deadLetterReason: 'R' }]);
  await after.createSender('q').sendMessages({ body: 'next' });
  const [next] = await after.createReceiver('q').receiveMessages(1, { maxWaitTimeInMs: 2_000 });
  expect(next?.sequenceNumber?.toNumber()).toBe(6);
}, 60_000);

test('killed again and again, it loses nothing it accepted and brings back nothing it completed', async () => {
  const emulator = await open();
  const ledger: Ledger = { accepted: new Set(), tried: new Set(), completed: new Set(), revived: new Set() };
  for (let round = 0; round < byLength(4, 40); round += 1) {
    if (round > 0) await emulator.start();
    const client = connect(emulator);
    const work = Promise.allSettled([sendUntilKilled(client, round, ledger.accepted), settleUntilKilled(client, ledger)]);
    await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 350));
    await emulator.kill();
    await work;
  }
  await emulator.start();
  const left = await receiveRest(connect(emulator));
  expect([...ledger.revived, ...[...left].filter((id) => ledger.completed.has(id))]).toEqual([]);
  // A completion whose answer did not come may have been stored.
  expect([...ledger.accepted].filter((id) => !left.has(id) && !ledger.tried.has(id))).toEqual([]);
  expect(ledger.accepted.size).toBeGreaterThan(100);
  expect(ledger.completed.size).toBeGreaterThan(20);
}, 300_000);

interface Ledger {
  readonly accepted: Set<string>;
  /** To be completed. */
  readonly tried: Set<string>;
  readonly completed: Set<string>;
  /** Received after they were completed. */
  readonly revived: Set<string>;
}

async function open(): Promise<EmulatorProcess> {
  const emulator = await openEmulatorProcess({ directory: tempDir(), queues: [{ name: 'q', lockMs: FIVE_MINUTES, maxDeliveryCount: 2_000 }] });
  onTestFinished(() => emulator.kill());
  return emulator;
}

function connect(emulator: EmulatorProcess): ServiceBusClient {
  const client = new ServiceBusClient(emulator.connectionString, { retryOptions: ONE_TRY });
  onTestFinished(() => client.close());
  return client;
}

async function sendUntilKilled(client: ServiceBusClient, round: number, accepted: Set<string>): Promise<void> {
  const sender = client.createSender('q');
  for (let batch = 0; ; batch += 1) {
    const ids = Array.from({ length: 10 }, (_, index) => `${round}-${batch}-${index}`);
    await sender.sendMessages(ids.map((messageId) => ({ body: messageId, messageId })));
    for (const id of ids) accepted.add(id);
  }
}

async function settleUntilKilled(client: ServiceBusClient, { tried, completed, revived }: Ledger): Promise<void> {
  const receiver = client.createReceiver('q');
  for (;;) {
    const messages = await receiver.receiveMessages(5, { maxWaitTimeInMs: 1_000 });
    for (const { messageId } of messages) if (completed.has(String(messageId))) revived.add(String(messageId));
    const completions = messages.map(async (message) => {
      tried.add(String(message.messageId));
      await receiver.completeMessage(message);
      completed.add(String(message.messageId));
    });
    await Promise.all(completions);
  }
}

async function receiveRest(client: ServiceBusClient): Promise<Set<string>> {
  const receiver = client.createReceiver('q', { receiveMode: 'receiveAndDelete' });
  const left = new Set<string>();
  for (;;) {
    const messages = await receiver.receiveMessages(500, { maxWaitTimeInMs: 500 });
    if (messages.length === 0) return left;
    for (const { messageId } of messages) left.add(String(messageId));
  }
}
