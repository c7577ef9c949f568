// The emulator as the official SDK for JavaScript sees it: sending, receiving, settling.

import { expect, test } from 'vitest';

import { failure, openClient, receiveNow, receiveOne } from './emulator-clients.js';

// The SDK's own renewal would keep alive locks that are to end.
const NO_RENEWAL = { maxAutoLockRenewalDurationInMs: 0 };

test('a message comes as it was sent, and is gone when it is completed', async () => {
  const { client } = await openClient();
  const sent = { body: { a: 1 }, messageId: 'm1', applicationProperties: { n: 5, s: 'x', b: true }, subject: 'sub', correlationId: 'c', contentType: 'application/json', to: 't', replyTo: 'r', partitionKey: 'p' };
  await client.createSender('q').sendMessages(sent);
  const receiver = client.createReceiver('q');
  const message = await receiveOne(receiver);
  expect(message).toMatchObject({ ...sent, deliveryCount: 0, state: 'active' });
  expect(message.sequenceNumber?.toNumber()).toBe(1);
  expect(message.enqueuedSequenceNumber).toBe(1);
  expect(Math.abs((message.enqueuedTimeUtc?.getTime() ?? 0) - Date.now())).toBeLessThan(5_000);
  expect((message.lockedUntilUtc?.getTime() ?? 0) - Date.now()).toBeGreaterThan(50_000);
  expect(message.lockToken).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  await receiver.completeMessage(message);
  expect(await receiveNow(receiver)).toEqual([]);
});

test('a batch arrives as its messages, in order, with gap-free numbers', async () => {
  const { client } = await openClient();
  const sender = client.createSender('q');
  await sender.sendMessages(Array.from({ length: 120 }, (_, index) => ({ body: { index }, messageId: `m${index}`, applicationProperties: { index } })));
  const batch = await sender.createMessageBatch();
  for (let index = 120; index < 130; index += 1) expect(batch.tryAddMessage({ body: { index }, messageId: `m${index}`, applicationProperties: { index } })).toBe(true);
  await sender.sendMessages(batch);
  const messages = await client.createReceiver('q').receiveMessages(130, { maxWaitTimeInMs: 2_000 });
  expect(messages.map(({ body, messageId, sequenceNumber, applicationProperties }) => [body as unknown, messageId, sequenceNumber?.toNumber(), applicationProperties])).toEqual(
    Array.from({ length: 130 }, (_, index) => [{ index }, `m${index}`, index + 1, { index }]),
  );
});

test('a message without an id gets one, so that it can be settled', async () => {
  const { client } = await openClient();
  await client.createSender('q').sendMessages({ body: 'x' });
  const receiver = client.createReceiver('q');
  const message = await receiveOne(receiver);
  expect(message.messageId).toMatch(/^[0-9a-f]{32}$/);
  await receiver.completeMessage(message);
});

test('bodies of every kind come back as they were', async () => {
  const { client } = await openClient();
  const sender = client.createSender('q');
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  await sender.sendMessages({ body: bytes, messageId: 'bytes' });
  await sender.sendMessages({ body: 'Grüße €', messageId: 'text' });
  await sender.sendMessages({ body: null, messageId: 'null' });
  await sender.sendMessages({ bodyType: 'value', body: 42, properties: { messageId: 'value' } });
  await sender.sendMessages({ bodyType: 'sequence', body: [[1, 'two', { three: 3 }]], properties: { messageId: 'sequence' } });
  const receiver = client.createReceiver('q');
  const bodies = new Map<unknown, unknown>();
  for (const message of await receiver.receiveMessages(5, { maxWaitTimeInMs: 2_000 })) bodies.set(message.messageId, message.body);
  expect(bodies.get('bytes')).toEqual(bytes);
  expect(bodies.get('text')).toBe('Grüße €');
  expect(bodies.get('null')).toBe(null);
  expect(bodies.get('value')).toBe(42);
  expect(bodies.get('sequence')).toEqual([[1, 'two', { three: 3 }]]);
});

test('an abandoned message comes again at its place, counted, with the changed properties and the others untouched', async () => {
  const { client } = await openClient();
  const date = new Date(1_700_000_000_123);
  await client.createSender('q').sendMessages([{ body: 1, messageId: 'first', applicationProperties: { keep: 7, change: 'old', date } }, { body: 2, messageId: 'second' }]);
  const receiver = client.createReceiver('q');
  const first = await receiveOne(receiver);
  await receiver.abandonMessage(first, { change: 'new', added: true, when: date });
  const again = await receiveOne(receiver);
  expect(again).toMatchObject({ messageId: 'first', deliveryCount: 1, body: 1, applicationProperties: { keep: 7, change: 'new', added: true, date: date.getTime(), when: date.getTime() } });
  await receiver.abandonMessage(again, { change: 'newest' });
  expect(await receiveOne(receiver)).toMatchObject({ messageId: 'first', deliveryCount: 2, applicationProperties: { keep: 7, change: 'newest', added: true } });
});

test('a dead letter carries its reason, keeps its number, and is received from the sub-queue in any case of its name', async () => {
  const { client, emulator } = await openClient();
  await client.createSender('q').sendMessages([{ body: 'b', messageId: 'm', applicationProperties: { own: 1 } }, { body: 'other' }]);
  const receiver = client.createReceiver('q');
  await receiver.deadLetterMessage(await receiveOne(receiver), { deadLetterReason: 'BAD', deadLetterErrorDescription: 'not good', extra: 5 });
  for (const letters of [client.createReceiver('q', { subQueueType: 'deadLetter' }), client.createReceiver('Q/$deadletterqueue')]) {
    const letter = await receiveOne(letters);
    expect(letter).toMatchObject({ body: 'b', messageId: 'm', deadLetterReason: 'BAD', deadLetterErrorDescription: 'not good' });
    expect(letter.applicationProperties).toMatchObject({ own: 1, extra: 5, DeadLetterReason: 'BAD', DeadLetterErrorDescription: 'not good' });
    expect(letter.sequenceNumber?.toNumber()).toBe(1);
    await letters.abandonMessage(letter);
  }
  expect(await emulator.catalog.runtime('q')).toMatchObject({ active: 1, deadLetter: 1 });
  const letters = client.createReceiver('q', { subQueueType: 'deadLetter' });
  const letter = await receiveOne(letters);
  expect(letter.deliveryCount).toBe(2);
  expect(await failure(letters.deadLetterMessage(letter))).toMatchObject({ code: 'GeneralError' });
  const another = client.createReceiver('q', { subQueueType: 'deadLetter' });
  expect(await receiveNow(another)).toEqual([]);
});

test('dead-lettering without a reason has none', async () => {
  const { client } = await openClient();
  await client.createSender('q').sendMessages({ body: 'b' });
  const receiver = client.createReceiver('q');
  await receiver.deadLetterMessage(await receiveOne(receiver));
  const letter = await receiveOne(client.createReceiver('q', { subQueueType: 'deadLetter' }));
  expect(letter.deadLetterReason).toBeUndefined();
});

test('nothing can be sent to the dead letters', async () => {
  const { client } = await openClient();
  expect(await failure(client.createSender('q/$DeadLetterQueue').sendMessages({ body: 1 }))).toMatchObject({ code: 'GeneralError' });
});

test('a lock that has ended gives its message back, counted, and refuses its holder', async () => {
  const { client } = await openClient({ lockMs: 1_000 });
  await client.createSender('q').sendMessages({ body: 1, messageId: 'm' });
  const receiver = client.createReceiver('q', NO_RENEWAL);
  const first = await receiveOne(receiver);
  const again = await receiveOne(client.createReceiver('q', NO_RENEWAL));
  expect(again).toMatchObject({ messageId: 'm', deliveryCount: 1 });
  expect(await failure(receiver.completeMessage(first))).toMatchObject({ code: 'MessageLockLost' });
  expect(again.lockToken).not.toBe(first.lockToken);
});

test('receive-and-delete takes messages for good', async () => {
  const { client, emulator } = await openClient();
  await client.createSender('q').sendMessages([{ body: 1 }, { body: 2 }]);
  const receiver = client.createReceiver('q', { receiveMode: 'receiveAndDelete' });
  const messages = await receiver.receiveMessages(2, { maxWaitTimeInMs: 2_000 });
  expect(messages.map(({ body }) => body as number)).toEqual([1, 2]);
  expect(await emulator.catalog.runtime('q')).toMatchObject({ active: 0, sizeInBytes: 0 });
});

test('mixed outcomes in flight never cross over', async () => {
  const { client, emulator } = await openClient();
  const sender = client.createSender('q');
  const count = 300;
  await sender.sendMessages(Array.from({ length: count }, (_, index) => ({ body: index, messageId: `m${index}` })));
  const receiver = client.createReceiver('q', { ...NO_RENEWAL });
  const messages = await receiver.receiveMessages(count, { maxWaitTimeInMs: 3_000 });
  // One turn between them: the client's own library merges outcomes that are settled in one.
  for (const message of messages) {
    const index = message.body as number;
    if (index % 3 === 0) void receiver.completeMessage(message);
    else if (index % 3 === 1) void receiver.deadLetterMessage(message, { deadLetterReason: `R${index}`, deadLetterErrorDescription: 'd' });
    else void receiver.deferMessage(message);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await expect.poll(() => emulator.catalog.runtime('q'), { timeout: 5_000 }).toMatchObject({ active: 100, deadLetter: 100 });
  const letters = await client.createReceiver('q', { subQueueType: 'deadLetter' }).receiveMessages(100, { maxWaitTimeInMs: 3_000 });
  expect(letters.map(({ body, deadLetterReason }) => [body as unknown, deadLetterReason])).toEqual(Array.from({ length: 100 }, (_, index) => [3 * index + 1, `R${3 * index + 1}`]));
});

test('a subscription goes on through dropped connections and gets everything once it is completed', async () => {
  const { client, emulator } = await openClient();
  await client.createSender('q').sendMessages(Array.from({ length: 60 }, (_, index) => ({ body: index })));
  const seen = new Set<number>();
  const subscription = client.createReceiver('q').subscribe(
    {
      processMessage: async ({ body }) => {
        seen.add(body as number);
        if (seen.size === 20) emulator.dropConnections();
      },
      processError: async () => undefined,
    },
    { maxConcurrentCalls: 5 },
  );
  await expect.poll(() => seen.size, { timeout: 15_000 }).toBe(60);
  await subscription.close();
});

test('more messages than a session has slots go through one link', async () => {
  const { client, emulator } = await openClient();
  const sender = client.createSender('q');
  for (let from = 0; from < 6_000; from += 500) await sender.sendMessages(Array.from({ length: 500 }, (_, index) => ({ body: from + index })));
  const receiver = client.createReceiver('q');
  let left = 6_000;
  while (left > 0) {
    const messages = await receiver.receiveMessages(1_000, { maxWaitTimeInMs: 2_000 });
    expect(messages.length).toBeGreaterThan(0);
    await Promise.all(messages.map((message) => receiver.completeMessage(message)));
    left -= messages.length;
  }
  expect(await emulator.catalog.runtime('q')).toMatchObject({ active: 0, sizeInBytes: 0 });
});

test('receiveMessages returns at the end of its wait: the drain is answered at once', async () => {
  const { client } = await openClient();
  const receiver = client.createReceiver('q');
  await receiveNow(receiver);
  const from = performance.now();
  await receiver.receiveMessages(5, { maxWaitTimeInMs: 300 });
  // An unanswered drain costs 200 ms more.
  expect(performance.now() - from).toBeLessThan(450);
});

test('through another receiver of the client a message is settled by its token', async () => {
  const { client, emulator } = await openClient();
  await client.createSender('q').sendMessages({ body: 1 });
  const first = client.createReceiver('q');
  const message = await receiveOne(first);
  await first.close();
  await client.createReceiver('q').completeMessage(message);
  expect(await emulator.catalog.runtime('q')).toMatchObject({ active: 0 });
});
