// What is asked of the emulator's management nodes, through the official SDK.

import Long from 'long';
import { expect, test } from 'vitest';

import { failure, openClient, receiveNow, receiveOne } from './emulator-clients.js';

const NO_RENEWAL = { maxAutoLockRenewalDurationInMs: 0 };

test('peeking shows every message in order, whatever its state, and locks none', async () => {
  const { client } = await openClient();
  const sender = client.createSender('q');
  await sender.sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
  await sender.scheduleMessages({ body: 4 }, new Date(Date.now() + 60_000));
  const receiver = client.createReceiver('q');
  const first = await receiveOne(receiver);
  const second = await receiveOne(receiver);
  await receiver.deferMessage(second);
  const peeked = await receiver.peekMessages(10, { fromSequenceNumber: Long.ONE });
  expect(peeked.map(({ body, state, sequenceNumber }) => [body as unknown, state, sequenceNumber?.toNumber()])).toEqual([
    [1, 'active', 1],
    [2, 'deferred', 2],
    [3, 'active', 3],
    [4, 'scheduled', 4],
  ]);
  expect(peeked.map(({ lockToken }) => lockToken)).toEqual([undefined, undefined, undefined, undefined]);
  await receiver.completeMessage(first);
  expect((await receiver.peekMessages(10, { fromSequenceNumber: Long.ONE })).map(({ body }) => body as number)).toEqual([2, 3, 4]);
});

test('peeking goes on page by page and ends with nothing', async () => {
  const { client } = await openClient();
  await client.createSender('q').sendMessages(Array.from({ length: 25 }, (_, index) => ({ body: index })));
  const receiver = client.createReceiver('q');
  const bodies: unknown[] = [];
  for (;;) {
    const page = await receiver.peekMessages(10);
    if (page.length === 0) break;
    bodies.push(...page.map(({ body }) => body as unknown));
  }
  expect(bodies).toEqual(Array.from({ length: 25 }, (_, index) => index));
  expect(await receiver.peekMessages(10, { fromSequenceNumber: Long.fromString('9007199254740993') })).toEqual([]);
});

test('a page of large messages is shorter than asked for, and loses none', async () => {
  const { client } = await openClient();
  const sender = client.createSender('q');
  for (let index = 0; index < 8; index += 1) await sender.sendMessages({ body: Buffer.alloc(200_000, index) });
  const receiver = client.createReceiver('q');
  const first = await receiver.peekMessages(8, { fromSequenceNumber: Long.ONE });
  expect(first.length).toBe(5);
  const rest = await receiver.peekMessages(8, { fromSequenceNumber: Long.fromNumber(6) });
  expect([...first, ...rest].map(({ body }) => (body as Buffer)[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('dead letters are peeked under their own node, with the numbers they had', async () => {
  const { client } = await openClient();
  await client.createSender('q').sendMessages([{ body: 1 }, { body: 2 }]);
  const receiver = client.createReceiver('q');
  await receiver.completeMessage(await receiveOne(receiver));
  await receiver.deadLetterMessage(await receiveOne(receiver), { deadLetterReason: 'R', deadLetterErrorDescription: 'D' });
  const letters = client.createReceiver('q', { subQueueType: 'deadLetter' });
  const peeked = await letters.peekMessages(10, { fromSequenceNumber: Long.ONE });
  expect(peeked).toMatchObject([{ body: 2, deadLetterReason: 'R' }]);
  expect(peeked[0]?.sequenceNumber?.toNumber()).toBe(2);
});

test('a renewed lock ends later; one that has ended is not renewed', async () => {
  const { client } = await openClient({ lockMs: 1_000 });
  await client.createSender('q').sendMessages({ body: 1 });
  const receiver = client.createReceiver('q', NO_RENEWAL);
  const message = await receiveOne(receiver);
  const before = message.lockedUntilUtc?.getTime() ?? 0;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await receiver.renewMessageLock(message)).getTime()).toBeGreaterThan(before);
  await receiveOne(client.createReceiver('q', NO_RENEWAL));
  expect(await failure(receiver.renewMessageLock(message))).toMatchObject({ code: 'MessageLockLost' });
});

test('a message that was set aside is received by its number only, and settled by its token', async () => {
  const { client, emulator } = await openClient();
  await client.createSender('q').sendMessages([{ body: 1 }, { body: 2, messageId: 'two' }]);
  const receiver = client.createReceiver('q');
  for (const message of await receiver.receiveMessages(2, { maxWaitTimeInMs: 2_000 })) await receiver.deferMessage(message, { seen: 'yes' });
  expect(await receiveNow(receiver)).toEqual([]);
  const deferred = await receiver.receiveDeferredMessages([Long.ONE, Long.fromNumber(2)]);
  expect(deferred).toMatchObject([
    { body: 1, state: 'deferred', deliveryCount: 0, applicationProperties: { seen: 'yes' } },
    { body: 2, messageId: 'two', state: 'deferred' },
  ]);
  const [one, two] = deferred;
  if (one === undefined || two === undefined) throw new Error('expected two messages');
  // Clients of other languages settle by the token that is inside the message.
  const token: unknown = one._rawAmqpMessage.deliveryAnnotations?.['x-opt-lock-token'];
  expect(Buffer.from(Object.values(token as Record<string, number>)).toString('hex')).toBe(one.lockToken?.replaceAll('-', ''));
  expect(await failure(receiver.receiveDeferredMessages([Long.ONE]))).toMatchObject({ code: 'MessageNotFound' });
  await receiver.completeMessage(one);
  await receiver.abandonMessage(two);
  // Given back, it is set aside again.
  expect(await receiveNow(receiver)).toEqual([]);
  const [again] = await receiver.receiveDeferredMessages([Long.fromNumber(2)]);
  if (again === undefined) throw new Error('expected the message');
  expect(again.deliveryCount).toBe(1);
  await receiver.deadLetterMessage(again, { deadLetterReason: 'R', deadLetterErrorDescription: 'D' });
  expect(await receiveOne(client.createReceiver('q', { subQueueType: 'deadLetter' }))).toMatchObject({ body: 2, deadLetterReason: 'R', deadLetterErrorDescription: 'D' });
  expect(await emulator.catalog.runtime('q')).toMatchObject({ active: 0, deadLetter: 1 });
});

test('numbers that are not set aside are not found, all or none', async () => {
  const { client } = await openClient();
  await client.createSender('q').sendMessages([{ body: 1 }, { body: 2 }]);
  const receiver = client.createReceiver('q');
  await receiver.deferMessage(await receiveOne(receiver));
  expect(await failure(receiver.receiveDeferredMessages([Long.ONE, Long.fromNumber(2)]))).toMatchObject({ code: 'MessageNotFound' });
  expect(await receiver.receiveDeferredMessages([Long.ONE])).toHaveLength(1);
});

test('a scheduled message comes when it is due, at the end of the queue, under a new number', async () => {
  const { client, emulator } = await openClient();
  const sender = client.createSender('q');
  const dueAt = new Date(Date.now() + 700);
  const [number] = await sender.scheduleMessages({ body: 'later', messageId: 'later' }, dueAt);
  await sender.sendMessages({ body: 'now' });
  expect(number?.toNumber()).toBe(1);
  expect(await emulator.catalog.runtime('q')).toMatchObject({ active: 1, scheduled: 1 });
  const receiver = client.createReceiver('q');
  expect(await receiveOne(receiver)).toMatchObject({ body: 'now' });
  const later = await receiveOne(receiver);
  expect(Date.now()).toBeGreaterThanOrEqual(dueAt.getTime());
  expect(later).toMatchObject({ body: 'later', messageId: 'later', enqueuedSequenceNumber: 1, scheduledEnqueueTimeUtc: dueAt, enqueuedTimeUtc: dueAt });
  expect(later.sequenceNumber?.toNumber()).toBe(3);
});

test('a message sent with a time to be enqueued at is scheduled; a past time means at once', async () => {
  const { client, emulator } = await openClient();
  const sender = client.createSender('q');
  await sender.sendMessages([{ body: 1, scheduledEnqueueTimeUtc: new Date(Date.now() + 60_000) }, { body: 2, scheduledEnqueueTimeUtc: new Date(Date.now() - 60_000) }]);
  expect(await emulator.catalog.runtime('q')).toMatchObject({ active: 1, scheduled: 1 });
  expect(await receiveOne(client.createReceiver('q'))).toMatchObject({ body: 2 });
});

test('scheduled messages are taken back, all or none', async () => {
  const { client, emulator } = await openClient();
  const sender = client.createSender('q');
  const numbers = await sender.scheduleMessages([{ body: 1 }, { body: 2 }, { body: 3 }], new Date(Date.now() + 60_000));
  expect(numbers.map((number) => number.toNumber())).toEqual([1, 2, 3]);
  expect(await failure(sender.cancelScheduledMessages([Long.ONE, Long.fromNumber(9)]))).toMatchObject({ code: 'MessageNotFound' });
  await sender.cancelScheduledMessages([Long.ONE, Long.fromNumber(3)]);
  expect(await emulator.catalog.runtime('q')).toMatchObject({ active: 0, scheduled: 1 });
  expect(await failure(sender.cancelScheduledMessages(Long.ONE))).toMatchObject({ code: 'MessageNotFound' });
});
