// What official clients in other languages do and expect, by a bare AMQP client: addresses, types, settle modes, credit.

import { once } from 'node:events';

import rhea from 'rhea';
import { expect, test } from 'vitest';

import { decoded } from '../../src/emulator/amqp/rhea.js';
import { openRawConnection, putToken, type RawContext, type RawDelivery, refusal, request } from './amqp-client.js';
import { openClient } from './emulator-clients.js';

const { types } = rhea;

async function open(queue: object = {}): Promise<Awaited<ReturnType<typeof openClient>> & { connection: Awaited<ReturnType<typeof openRawConnection>> }> {
  const opened = await openClient(queue);
  const connection = await openRawConnection(opened.emulator.port);
  await putToken(connection, { audience: 'amqps://localhost/' });
  return { ...opened, connection };
}

test('mechanisms of clients of every age are offered', async () => {
  const { emulator } = await openClient();
  const container = rhea.create_container();
  for (const mechanism of ['ANONYMOUS', 'MSSBCBS']) {
    const client = { start: (callback: (error: undefined, response: Buffer) => void) => callback(undefined, Buffer.from('\0user')) };
    const connection = container.connect({ port: emulator.port, host: '127.0.0.1', reconnect: false, sasl_mechanisms: { [mechanism]: () => client } } as never);
    await once(connection, 'connection_open');
    connection.close();
  }
});

test('an id of a request comes back in the type it had, zero included', async () => {
  const { connection } = await open();
  const audience = 'sb://localhost/q';
  expect(await putToken(connection, { audience, messageId: types.wrap_ulong(0) })).toMatchObject({ correlation_id: 0 });
  expect(await putToken(connection, { audience, messageId: types.wrap_ulong(7) })).toMatchObject({ correlation_id: 7 });
  const large = Buffer.from('ffffffffffffff01', 'hex');
  expect(await putToken(connection, { audience, messageId: decoded(Buffer.from('80ffffffffffffff01', 'hex')) })).toMatchObject({ correlation_id: large });
  const uuid = Buffer.alloc(16, 5);
  expect(await request(connection, 'q', { message_id: uuid, application_properties: { operation: 'x' }, body: {} })).toMatchObject({ correlation_id: uuid });
  expect(await request(connection, 'q', { message_id: 'text', application_properties: { operation: 'x' }, body: {} })).toMatchObject({ correlation_id: 'text' });
});

test('absolute addresses, in any case, are the same queue', async () => {
  const { connection } = await open();
  for (const address of ['amqps://localhost/q', 'sb://LOCALHOST:5671/Q', '/q', 'amqps://localhost/q/$DEADLETTERQUEUE', 'q/$deadletterqueue']) {
    const link = connection.open_receiver({ source: address, name: address });
    await once(link, 'receiver_open');
    expect(link.is_open()).toBe(true);
  }
  expect(await request(connection, 'amqps://localhost/Q', { application_properties: { operation: 'com.microsoft:peek-message' }, body: { 'from-sequence-number': types.wrap_long(1), 'message-count': types.wrap_int(1) } })).toMatchObject({
    application_properties: { statusCode: 204 },
  });
});

test('a delivery carries a full header and annotations under symbols, byte for byte', async () => {
  const { connection, client } = await open();
  await client.createSender('q').sendMessages({ body: 1, messageId: 'm' });
  const link = connection.open_receiver({ source: 'q', autoaccept: false, credit_window: 0 });
  const frames: Buffer[] = [];
  (connection as unknown as { socket: NodeJS.ReadableStream }).socket.on('data', (bytes: Buffer) => frames.push(bytes));
  link.add_credit(1);
  await once(link, 'message');
  const hex = Buffer.concat(frames).toString('hex');
  // durable false, priority 4, no ttl, first-acquirer false, delivery-count 0 as an uint of four bytes.
  expect(hex).toContain('005370c00b0542500440427000000000');
  for (const key of ['x-opt-sequence-number', 'x-opt-enqueued-time', 'x-opt-locked-until', 'x-opt-message-state']) {
    expect(hex).toContain(Buffer.concat([Buffer.from([0xa3, key.length]), Buffer.from(key)]).toString('hex'));
  }
  expect(hex).toContain(`${Buffer.from('x-opt-sequence-number').toString('hex')}810000000000000001`);
});

test('properties of every type and in every encoding pass through untouched', async () => {
  const { connection } = await open();
  const sender = connection.open_sender('q');
  await once(sender, 'sendable');
  const application = Buffer.concat([
    Buffer.from('005374c1', 'hex'),
    ...sized([entry('bytes', 'a003010203'), entry('float', '723fc00000'), entry('uuid', `98${'ab'.repeat(16)}`), entry('long', '81ffffffffffffff01'), entry('decimal', `94${'01'.repeat(16)}`), entry('null', '40')]),
  ]);
  const bare = Buffer.concat([Buffer.from('005373c00803a1016d40a10174', 'hex'), application, Buffer.from('005375b0000000020102', 'hex')]);
  sender.send(bare, 'tag', 0);
  await once(sender, 'accepted');
  const link = connection.open_receiver({ source: 'q', autoaccept: false, credit_window: 0 });
  const frames: Buffer[] = [];
  (connection as unknown as { socket: NodeJS.ReadableStream }).socket.on('data', (bytes: Buffer) => frames.push(bytes));
  link.add_credit(1);
  await once(link, 'message');
  expect(Buffer.concat(frames).includes(bare)).toBe(true);
});

test('a client that settles by itself is not answered, and its outcome counts', async () => {
  const { connection, client, emulator } = await open();
  await client.createSender('q').sendMessages([{ body: 1 }, { body: 2 }]);
  const link = connection.open_receiver({ source: 'q', rcv_settle_mode: 0, autoaccept: true, credit_window: 10 });
  await once(link, 'message');
  expect(link.rcv_settle_mode).toBe(0);
  await expect.poll(() => emulator.catalog.runtime('q')).toMatchObject({ active: 0 });
});

test('settle modes are echoed', async () => {
  const { connection } = await open();
  for (const [snd, rcv] of [[0, 1], [1, 0], [2, 0]] as const) {
    const link = connection.open_receiver({ source: 'q', name: `r${snd}`, snd_settle_mode: snd, rcv_settle_mode: rcv, credit_window: 0 });
    await once(link, 'receiver_open');
    expect([link.snd_settle_mode, link.rcv_settle_mode]).toEqual([snd, rcv]);
  }
  const sender = connection.open_sender({ target: 'q', snd_settle_mode: 0 });
  await once(sender, 'sendable');
  expect(sender.snd_settle_mode).toBe(0);
  expect(sender.max_message_size).toBe(256 * 1024);
});

test('a drain is answered with the flag, also when there is no credit', async () => {
  const { connection, client } = await open();
  await client.createSender('q').sendMessages([{ body: 1 }]);
  const link = connection.open_receiver({ source: 'q', autoaccept: false, credit_window: 0 });
  await once(link, 'receiver_open');
  let messages = 0;
  link.on('message', () => (messages += 1));
  link.add_credit(5);
  link.drain_credit();
  await once(link, 'receiver_drained');
  expect(messages).toBe(1);
  expect((link as unknown as { credit: number }).credit).toBe(0);
  // Nothing is left to give back now.
  link.drain_credit();
  await once(link, 'receiver_drained');
  (link as unknown as { drain: boolean }).drain = false;
  link.add_credit(1);
  await client.createSender('q').sendMessages([{ body: 2 }]);
  await once(link, 'message');
});

test('a client gets no more messages than it gave credit for', async () => {
  const { connection, client } = await open();
  await client.createSender('q').sendMessages(Array.from({ length: 20 }, (_, body) => ({ body })));
  const link = connection.open_receiver({ source: 'q', autoaccept: false, credit_window: 0 });
  let messages = 0;
  link.on('message', () => (messages += 1));
  link.add_credit(3);
  await expect.poll(() => messages).toBe(3);
  link.add_credit(4);
  await expect.poll(() => messages).toBe(7);
  link.drain_credit();
  await once(link, 'receiver_drained');
  expect(messages).toBe(7);
});

test('a message is released, rejected or modified as AMQP has it', async () => {
  const { connection, client, emulator } = await open();
  await client.createSender('q').sendMessages([{ body: 'released' }, { body: 'rejected' }, { body: 'modified' }]);
  const link = connection.open_receiver({ source: 'q', autoaccept: false, credit_window: 0 });
  const deliveries: RawDelivery[] = [];
  link.on('message', ({ delivery }: RawContext) => delivery && deliveries.push(delivery));
  link.add_credit(3);
  await expect.poll(() => deliveries.length).toBe(3);
  const settle = [
    (delivery: RawDelivery) => delivery.release(),
    (delivery: RawDelivery) => delivery.reject({ condition: 'app:bad', description: 'why' }),
    (delivery: RawDelivery) => delivery.modified({ undeliverable_here: true }),
  ];
  for (const [index, outcome] of settle.entries()) {
    const delivery = deliveries[index];
    if (delivery !== undefined) outcome(delivery);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await expect.poll(() => emulator.catalog.runtime('q')).toMatchObject({ active: 2, deadLetter: 1 });
  const peeked = await client.createReceiver('q').peekMessages(3);
  expect(peeked.map(({ body, state, deliveryCount }) => [body as unknown, state, deliveryCount])).toEqual([['released', 'active', 0], ['modified', 'deferred', 0]]);
  const [letter] = await client.createReceiver('q', { subQueueType: 'deadLetter' }).peekMessages(1);
  expect(letter).toMatchObject({ deadLetterReason: 'app:bad', deadLetterErrorDescription: 'why' });
});

test('what a client asks for after an outcome sees that outcome, also when both come in one piece', async () => {
  const { connection, client } = await open();
  await client.createSender('q').sendMessages([{ body: 1 }]);
  const replies = connection.open_receiver({ source: 'q/$management', target: 'mine', name: 'in' });
  const requests = connection.open_sender({ target: 'q/$management', name: 'out' });
  const link = connection.open_receiver({ source: 'q', autoaccept: false, credit_window: 1 });
  const [[{ delivery }]] = await Promise.all([once(link, 'message') as Promise<[RawContext]>, once(requests, 'sendable'), once(replies, 'receiver_open')]);
  const answered = once(replies, 'message') as Promise<[RawContext]>;
  delivery?.modified({ undeliverable_here: true });
  // After the outcome is written, in the same turn: the socket carries both in one piece.
  await new Promise((resolve) => process.nextTick(resolve));
  const body = { 'sequence-numbers': types.wrap_array([1], 0x81, undefined), 'receiver-settle-mode': types.wrap_uint(1) };
  requests.send({ message_id: 'id', reply_to: 'mine', application_properties: { operation: 'com.microsoft:receive-by-sequence-number' }, body });
  expect((await answered)[0].message).toMatchObject({ application_properties: { statusCode: 200 } });
});

test('what is not offered is refused by its name', async () => {
  const { connection } = await open();
  expect(await refusal(connection.open_sender({ target: 'nowhere', name: 'a' }))).toBe('amqp:not-found');
  expect(await refusal(connection.open_receiver({ source: 'topic/Subscriptions/s', name: 'b' }))).toBe('amqp:not-found');
  expect(await refusal(connection.open_receiver({ source: 'q/$Transfer/$DeadLetterQueue', name: 'c' }))).toBe('amqp:not-found');
  const session = { address: 'q', filter: { 'com.microsoft:session-filter': types.wrap_described('s1', 'com.microsoft:session-filter') } };
  expect(await refusal(connection.open_receiver({ source: session, name: 'd' }))).toBe('amqp:not-allowed');
  expect(await request(connection, 'q', { application_properties: { operation: 'com.microsoft:get-message-sessions' }, body: {} })).toMatchObject({
    application_properties: { statusCode: 501, errorCondition: 'amqp:not-implemented' },
  });
});

test('transactions are refused when their coordinator is asked for', async () => {
  const { connection } = await open();
  const sender = (connection as unknown as { create_session(): { begin(): void; create_sender(name: string): ReturnType<typeof connection.open_sender> & { local: { attach: { target: unknown } }; attach(): void } } }).create_session();
  sender.begin();
  const link = sender.create_sender('coordinator');
  link.local.attach.target = types.wrap_described([], 0x30);
  link.attach();
  expect(await refusal(link)).toBe('amqp:not-implemented');
});

test('requests with missing or wrong fields are refused, not fatal', async () => {
  const { connection } = await open();
  const ask = (operation: string, body: unknown): Promise<Record<string, unknown>> => request(connection, 'q', { application_properties: { operation: `com.microsoft:${operation}` }, body });
  for (const [operation, body] of [['peek-message', {}], ['peek-message', 'text'], ['renew-lock', { 'lock-tokens': ['x'] }], ['update-disposition', { 'lock-tokens': [], 'disposition-status': 'odd' }], ['schedule-message', { messages: [{ message: 'text' }] }], ['schedule-message', { messages: [{ message: Buffer.from('junk') }] }]] as const) {
    expect(await ask(operation, body)).toMatchObject({ application_properties: { statusCode: 400 } });
  }
});

function entry(key: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0xa1, key.length]), Buffer.from(key), Buffer.from(value, 'hex')]);
}

function sized(entries: Buffer[]): Buffer[] {
  const size = entries.reduce((sum, { length }) => sum + length, 1);
  return [Buffer.from([size, 2 * entries.length]), ...entries];
}
