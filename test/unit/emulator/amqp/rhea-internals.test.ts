// The internals of rhea that the emulator stands on, and the faults it works around. One of these failing after an update
// says which part of src/emulator/amqp to look at.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';

import rhea from 'rhea';
import { expect, onTestFinished, test } from 'vitest';

import { Dispositions } from '../../../../src/emulator/amqp/dispositions.js';
import { type Connection, createContainer, type Delivery, dispositionFrame, type EventContext, message, type Receiver, type Sender, type Session, types } from '../../../../src/emulator/amqp/rhea.js';

interface Served {
  readonly connection: Connection;
  readonly client: ReturnType<typeof rhea.connect>;
}

/** A server connection as the emulator makes one, and a client of it. */
async function serve(listen: (connection: Connection) => void = () => undefined): Promise<Served> {
  let connection: Connection | undefined;
  const server: Server = createServer((socket) => {
    const container = createContainer('test');
    container.sasl_server_mechanisms.enable_anonymous();
    connection = container.create_connection({ reconnect: false, receiver_options: { autoaccept: false, credit_window: 0 }, sender_options: { treat_modified_as_released: false } });
    for (const event of ['disconnected', 'error', 'connection_close', 'session_close', 'sender_close', 'receiver_close']) connection.on(event, () => undefined);
    listen(connection);
    connection.accept(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = rhea.create_container().connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', reconnect: false });
  client.on('disconnected', () => undefined);
  onTestFinished(async () => {
    client.close();
    await new Promise((resolve) => server.close(resolve));
  });
  await once(client, 'connection_open');
  if (connection === undefined) throw new Error('nobody connected');
  return { connection, client };
}

interface Receiving extends Served {
  readonly sender: Sender;
  readonly outcomes: { id: number; outcome: string }[];
}

/** The client has a receiver with credit; its deliveries and what becomes of them are kept. */
async function serveReceiver(credit: number): Promise<Receiving> {
  const opened: Sender[] = [];
  const outcomes: Receiving['outcomes'] = [];
  const { connection, client } = await serve((server) => {
    server.on('sender_open', ({ sender }: EventContext) => sender && opened.push(sender));
  });
  const link = client.open_receiver({ source: 'x', autoaccept: false, autosettle: false, credit_window: 0, rcv_settle_mode: 1 });
  await once(link, 'receiver_open');
  link.add_credit(credit);
  link.on('settled', ({ delivery }: { delivery: { id: number; remote_state: { constructor: { composite_type: string } } } }) => outcomes.push({ id: delivery.id, outcome: delivery.remote_state.constructor.composite_type }));
  const [sender] = opened;
  if (sender === undefined) throw new Error('no link was opened');
  await expect.poll(() => sender.credit).toBe(credit);
  return { connection, client, sender, outcomes };
}

function send(sender: Sender, count: number): Delivery[] {
  return Array.from({ length: count }, (_, index) => sender.send(message.encode({ body: index }), Buffer.from([index]), 0));
}

test('the version is the one that was read', () => {
  const path = createRequire(import.meta.url).resolve('rhea/package.json');
  expect((JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version).toBe('3.0.5');
});

test('rhea merges different outcomes of neighbours that are settled in one turn', async () => {
  const { sender, outcomes } = await serveReceiver(3);
  const deliveries = send(sender, 3);
  await new Promise((resolve) => setImmediate(resolve));
  const rejected = message.rejected({ error: { condition: 'app:no', description: 'no' } }).described();
  const accepted = message.accepted().described();
  const update = (delivery: Delivery | undefined, state: unknown): void => (delivery as unknown as { update(settled: boolean, state: unknown): void }).update(true, state);
  update(deliveries[0], rejected);
  update(deliveries[1], accepted);
  update(deliveries[2], accepted);
  await expect.poll(() => outcomes.length).toBe(3);
  // Accepting two messages was told as rejecting them. Were it right one day, Dispositions could go.
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected', 'rejected']);
});

test('the emulator’s own frames tell every outcome as it is, in as few frames as that allows', async () => {
  const { sender, outcomes } = await serveReceiver(8);
  const deliveries = send(sender, 8);
  await new Promise((resolve) => setImmediate(resolve));
  const frames: unknown[] = [];
  const { session } = sender;
  const output = session.output.bind(session);
  session.output = (frame) => {
    frames.push(frame);
    output(frame);
  };
  const dispositions = new Dispositions(session);
  const error = { condition: 'app:no', description: 'no' };
  for (const [index, delivery] of deliveries.entries()) dispositions.settle('outgoing', delivery, index === 0 || index === 4 || index === 5 ? error : null);
  await expect.poll(() => outcomes.length).toBe(8);
  expect(outcomes.sort((a, b) => a.id - b.id).map(({ outcome }) => outcome)).toEqual(['rejected', 'accepted', 'accepted', 'accepted', 'rejected', 'rejected', 'accepted', 'accepted']);
  expect(frames).toHaveLength(5);
});

test('a slot of the session is free when both sides have settled, in order', async () => {
  const { sender } = await serveReceiver(3);
  const [first, second, third] = send(sender, 3);
  if (first === undefined || second === undefined || third === undefined) throw new Error('three were sent');
  const { deliveries } = sender.session.outgoing;
  await new Promise((resolve) => setImmediate(resolve));
  expect([deliveries.size, deliveries.get_head()?.id, deliveries.by_id(first.id + 1)]).toEqual([3, first.id, second]);
  const dispositions = new Dispositions(sender.session);
  dispositions.settle('outgoing', second, null);
  await new Promise((resolve) => setImmediate(resolve));
  expect(deliveries.size).toBe(3);
  dispositions.settle('outgoing', first, null);
  await expect.poll(() => deliveries.size).toBe(1);
  expect(deliveries.available()).toBe(2_047);
  third.settled = true;
  sender.connection._register();
  await new Promise((resolve) => setImmediate(resolve));
  expect(deliveries.size).toBe(1);
});

test('an answer to a drain is what `_get_drain` says while a flow is written', async () => {
  const { sender, client } = await serveReceiver(5);
  const drained = once(client, 'receiver_drained');
  sender._get_drain = () => {
    sender.delivery_count += sender.credit;
    sender.credit = 0;
    return true;
  };
  sender.issue_flow = true;
  sender.connection._register();
  await drained;
});

test('handlers of frames, input and turns are called as methods, so that they can be put before', async () => {
  const called = new Set<string>();
  const watch = (target: object, name: string): void => {
    const own = (Reflect.get(target, name) as (...args: unknown[]) => unknown).bind(target);
    Reflect.set(target, name, (...args: unknown[]) => {
      called.add(name);
      return own(...args);
    });
  };
  const receivers: Receiver[] = [];
  const { client } = await serve((connection) => {
    for (const name of ['input', '_process']) watch(connection, name);
    connection.on('session_open', ({ session }: EventContext) => {
      for (const name of ['on_transfer', 'on_disposition', 'on_attach', 'output']) if (session !== undefined) watch(session, name);
    });
    connection.on('receiver_open', ({ receiver }: EventContext) => {
      receiver?.add_credit(5);
      if (receiver !== undefined) receivers.push(receiver);
    });
  });
  const sender = client.open_sender('x');
  await once(sender, 'sendable');
  const session: Session | undefined = receivers[0]?.session;
  sender.send({ body: 1 });
  await expect.poll(() => called.has('on_transfer')).toBe(true);
  session?.output(dispositionFrame({ role: true, first: 0, last: 0, settled: true, state: message.accepted().described() }));
  await once(sender, 'accepted');
  const own = (sender as unknown as { session: { output(frame: object): void } }).session;
  own.output(dispositionFrame({ role: true, first: 0, settled: true }));
  await expect.poll(() => called.has('on_disposition')).toBe(true);
  expect([...called].sort()).toEqual(['_process', 'input', 'on_attach', 'on_disposition', 'on_transfer', 'output']);
});

test('a message of another format than 0 is passed on in its bytes', async () => {
  const messages: EventContext[] = [];
  const { client } = await serve((connection) => {
    connection.on('receiver_open', ({ receiver }: EventContext) => receiver?.add_credit(5));
    connection.on('message', (context: EventContext) => messages.push(context));
  });
  const sender = client.open_sender('x');
  await once(sender, 'sendable');
  sender.send(Buffer.from('any bytes'), 'tag', 77);
  await expect.poll(() => messages.length).toBe(1);
  expect(messages[0]).toMatchObject({ message: Buffer.from('any bytes'), format: 77 });
});

test('the reader refuses more elements than there are bytes', () => {
  expect(() => new types.Reader(Buffer.from('d000000004ffffffff', 'hex')).read()).toThrow('announced');
  expect(() => new types.Reader(Buffer.from('f000000005ffffffff40', 'hex')).read()).toThrow('announced');
});
