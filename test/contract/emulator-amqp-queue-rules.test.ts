// What a queue's settings do to its messages, through the official SDK.

import { expect, test } from 'vitest';

import { failure, openClient, receiveNow, receiveOne } from './emulator-clients.js';

const NO_RENEWAL = { maxAutoLockRenewalDurationInMs: 0 };

test('a message whose deliveries are used up goes to the dead letters with the service’s reason', async () => {
  const { client } = await openClient({ maxDeliveryCount: 2 });
  await client.createSender('q').sendMessages({ body: 1, applicationProperties: { own: 1 } });
  const receiver = client.createReceiver('q');
  await receiver.abandonMessage(await receiveOne(receiver));
  const last = await receiveOne(receiver);
  expect(last.deliveryCount).toBe(1);
  await receiver.abandonMessage(last);
  expect(await receiveNow(receiver)).toEqual([]);
  expect(await receiveOne(client.createReceiver('q', { subQueueType: 'deadLetter' }))).toMatchObject({
    deadLetterReason: 'MaxDeliveryCountExceeded',
    deadLetterErrorDescription: 'Message could not be consumed after 2 delivery attempts.',
    deliveryCount: 2,
    applicationProperties: { own: 1 },
  });
});

test('locks that end count as deliveries too', async () => {
  const { client } = await openClient({ maxDeliveryCount: 1, lockMs: 500 });
  await client.createSender('q').sendMessages({ body: 1 });
  await receiveOne(client.createReceiver('q', NO_RENEWAL));
  expect(await receiveOne(client.createReceiver('q', { subQueueType: 'deadLetter', ...NO_RENEWAL }))).toMatchObject({
    deadLetterReason: 'MaxDeliveryCountExceeded',
    deliveryCount: 1,
  });
});

test('an expired message is dead-lettered where the queue says so, with the time it had', async () => {
  const { client } = await openClient({ deadLetterOnExpiration: true });
  await client.createSender('q').sendMessages({ body: 1, timeToLive: 300 });
  const letter = await receiveOne(client.createReceiver('q', { subQueueType: 'deadLetter' }));
  expect(letter).toMatchObject({
    deadLetterReason: 'TTLExpiredException',
    deadLetterErrorDescription: 'The message expired and was dead lettered.',
    timeToLive: 300,
    deliveryCount: 0,
  });
});

test('an expired message is dropped where the queue does not keep it', async () => {
  const { client, emulator } = await openClient();
  await client.createSender('q').sendMessages({ body: 1, timeToLive: 200 });
  await expect.poll(() => emulator.catalog.runtime('q')).toMatchObject({ active: 0, deadLetter: 0, sizeInBytes: 0 });
  expect(await receiveNow(client.createReceiver('q'))).toEqual([]);
});

test('the shorter of the message’s and the queue’s time to live counts', async () => {
  const { client } = await openClient({ ttlMs: 10_000 });
  await client.createSender('q').sendMessages([{ body: 'long', timeToLive: 60_000 }, { body: 'short', timeToLive: 5_000 }, { body: 'none' }]);
  const peeked = await client.createReceiver('q').peekMessages(3);
  const spans = peeked.map(({ expiresAtUtc, enqueuedTimeUtc }) => (expiresAtUtc?.getTime() ?? 0) - (enqueuedTimeUtc?.getTime() ?? 0));
  expect(spans).toEqual([10_000, 5_000, 10_000]);
});

test('a locked message does not expire, and does at once when it is given back', async () => {
  const { client } = await openClient({ deadLetterOnExpiration: true });
  await client.createSender('q').sendMessages({ body: 1, timeToLive: 500 });
  const receiver = client.createReceiver('q');
  const message = await receiveOne(receiver);
  const letters = client.createReceiver('q', { subQueueType: 'deadLetter' });
  expect(await letters.receiveMessages(1, { maxWaitTimeInMs: 800 })).toEqual([]);
  await receiver.abandonMessage(message);
  expect(await receiveOne(letters)).toMatchObject({ deadLetterReason: 'TTLExpiredException', deliveryCount: 1 });
});

test('a message that is set aside does not expire', async () => {
  const { client, emulator } = await openClient({ deadLetterOnExpiration: true });
  await client.createSender('q').sendMessages({ body: 1, timeToLive: 300 });
  const receiver = client.createReceiver('q');
  const message = await receiveOne(receiver);
  await receiver.deferMessage(message);
  expect(await client.createReceiver('q', { subQueueType: 'deadLetter' }).receiveMessages(1, { maxWaitTimeInMs: 600 })).toEqual([]);
  expect(await emulator.catalog.runtime('q')).toMatchObject({ active: 1, deadLetter: 0 });
});

test('a second message with an id of the window is accepted and dropped, also after the first is gone', async () => {
  const { client, emulator } = await openClient({ requiresDuplicateDetection: true });
  const sender = client.createSender('q');
  await sender.sendMessages({ body: 1, messageId: 'a' });
  await sender.sendMessages([{ body: 2, messageId: 'a' }, { body: 3, messageId: 'b' }, { body: 4, messageId: 'b' }]);
  const receiver = client.createReceiver('q');
  const messages = await receiver.receiveMessages(2, { maxWaitTimeInMs: 2_000 });
  expect(messages.map(({ body, sequenceNumber }) => [body as unknown, sequenceNumber?.toNumber()])).toEqual([[1, 1], [3, 2]]);
  for (const message of messages) await receiver.completeMessage(message);
  await sender.sendMessages({ body: 5, messageId: 'a' });
  await sender.scheduleMessages({ body: 6, messageId: 'b' }, new Date(Date.now() + 60_000));
  expect(await emulator.catalog.runtime('q')).toMatchObject({ active: 0, scheduled: 0 });
});

test('when the window has passed the id is taken again', async () => {
  const { client, emulator } = await openClient({ requiresDuplicateDetection: true, duplicateWindowMs: 300 });
  const sender = client.createSender('q');
  await sender.sendMessages({ body: 1, messageId: 'a' });
  await expect
    .poll(async () => {
      await sender.sendMessages({ body: 2, messageId: 'a' });
      return (await emulator.catalog.runtime('q'))?.active;
    })
    .toBe(2);
});

test('a message over the queue’s limit is refused as too large, and the link goes on', async () => {
  const { client } = await openClient({ maxMessageBytes: 10_000 });
  const sender = client.createSender('q');
  expect((await sender.createMessageBatch()).maxSizeInBytes).toBe(10_000);
  expect(await failure(sender.sendMessages({ body: Buffer.alloc(10_000) }))).toMatchObject({ code: 'MessageSizeExceeded' });
  expect(await failure(sender.sendMessages({ body: Buffer.alloc(1_000_000) }))).toMatchObject({ code: 'MessageSizeExceeded' });
  await sender.sendMessages({ body: Buffer.alloc(9_000) });
  expect(await failure(sender.scheduleMessages({ body: Buffer.alloc(10_000) }, new Date()))).toMatchObject({ code: 'MessageSizeExceeded' });
});

test('a full queue refuses messages until some are received', async () => {
  const { client } = await openClient({ maxSizeMb: 1 });
  const sender = client.createSender('q');
  for (let index = 0; index < 5; index += 1) await sender.sendMessages({ body: Buffer.alloc(200_000) });
  expect(await failure(sender.sendMessages({ body: Buffer.alloc(200_000) }))).toMatchObject({ code: 'QuotaExceeded' });
  const receiver = client.createReceiver('q');
  await receiver.completeMessage(await receiveOne(receiver));
  await sender.sendMessages({ body: Buffer.alloc(200_000) });
});

test('a queue’s status refuses what it says, for links that are open and for new ones', async () => {
  const { client, emulator } = await openClient();
  const sender = client.createSender('q');
  const receiver = client.createReceiver('q');
  await sender.sendMessages([{ body: 1 }, { body: 2 }]);
  const held = await receiveOne(receiver);
  await emulator.catalog.update({ name: 'Q', status: 'SendDisabled' });
  expect(await failure(sender.sendMessages({ body: 3 }))).toMatchObject({ code: 'MessagingEntityDisabled' });
  expect(await failure(sender.scheduleMessages({ body: 3 }, new Date()))).toMatchObject({ code: 'MessagingEntityDisabled' });
  await receiver.completeMessage(held);
  await emulator.catalog.update({ name: 'q', status: 'ReceiveDisabled' });
  await sender.sendMessages({ body: 3 });
  expect(await failure(receiveNow(client.createReceiver('q')))).toMatchObject({ code: 'MessagingEntityDisabled' });
  await emulator.catalog.update({ name: 'q', status: 'Disabled' });
  expect(await failure(client.createSender('q').sendMessages({ body: 4 }))).toMatchObject({ code: 'MessagingEntityDisabled' });
  expect(await failure(receiver.peekMessages(1))).toMatchObject({ code: 'MessagingEntityDisabled' });
  await emulator.catalog.update({ name: 'q', status: 'Active' });
  expect(await client.createReceiver('q').receiveMessages(2, { maxWaitTimeInMs: 2_000 })).toHaveLength(2);
});

test('a deleted queue is not found, and a new one of its name is empty', async () => {
  const { client, emulator } = await openClient();
  const sender = client.createSender('q');
  await sender.sendMessages({ body: 1 });
  expect(await emulator.catalog.delete('Q')).toBe(true);
  expect(await emulator.catalog.delete('q')).toBe(false);
  expect(await failure(client.createSender('q').sendMessages({ body: 2 }))).toMatchObject({ code: 'MessagingEntityNotFound' });
  expect(await emulator.catalog.create({ name: 'Q', maxDeliveryCount: 5 })).toBe('created');
  expect(await emulator.catalog.create({ name: 'q' })).toBe('exists');
  expect(await emulator.catalog.get('q')).toMatchObject({ name: 'Q', maxDeliveryCount: 5, lockMs: 60_000 });
  await client.createSender('q').sendMessages({ body: 3 });
  expect(await receiveOne(client.createReceiver('q'))).toMatchObject({ body: 3 });
});
