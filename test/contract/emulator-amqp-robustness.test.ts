// Peers that break the protocol get an error or a closed connection; nobody else notices.

import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { join } from 'node:path';

import fc from 'fast-check';
import rhea from 'rhea';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';

import { decoded, encoded, types } from '../../src/emulator/amqp/rhea.js';
import { SILENT_LOG } from '../../src/emulator/emulator-log.js';
import { openEmulator } from '../../src/emulator/open-emulator.js';
import { systemClock } from '../../src/ports/clock.js';
import { TEST_KEY, type TestEmulator } from '../support/emulator.js';
import { byLength } from '../crash/run-length.js';
import { tempDir } from '../support/temp-dir.js';
import { openRawConnection, putToken } from './amqp-client.js';
import { connect, openClient, receiveOne } from './emulator-clients.js';

const HEADER = Buffer.from('AMQP\0\x01\0\0', 'latin1');
const SASL_HEADER = Buffer.from('AMQP\x03\x01\0\0', 'latin1');
const [OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, CLOSE] = [0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x18] as const;

const uncaught: unknown[] = [];
const keep = (error: unknown): void => void uncaught.push(error);

beforeEach(() => {
  uncaught.length = 0;
  process.on('uncaughtExceptionMonitor', keep);
});
afterEach(() => {
  process.off('uncaughtExceptionMonitor', keep);
  expect(uncaught).toEqual([]);
});

/** A peer that writes what it likes. */
async function peer(emulator: { readonly port: number }): Promise<{ socket: Socket; ended: Promise<Buffer> }> {
  const socket = connectSocket(emulator.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const received: Buffer[] = [];
  socket.on('data', (bytes) => received.push(bytes));
  socket.on('error', () => undefined);
  const ended = new Promise<Buffer>((resolve) => socket.on('close', () => resolve(Buffer.concat(received))));
  await once(socket, 'connect');
  return { socket, ended };
}

function frame(code: number, fields: unknown[], payload = Buffer.alloc(0), channel = 0): Buffer {
  const performative = encoded(types.wrap_list(fields));
  const body = Buffer.concat([Buffer.from([0x00, 0x53, code]), performative, payload]);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8, 0);
  head[4] = 2;
  head.writeUInt16BE(channel, 6);
  return Buffer.concat([head, body]);
}

const open = (): Buffer => Buffer.concat([HEADER, frame(OPEN, ['peer']), frame(BEGIN, [null, uint(0), uint(1000), uint(1000)])]);
const uint = (value: number): unknown => decoded(Buffer.concat([Buffer.from([0x70]), u32(value)]));
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

async function stillServes(emulator: TestEmulator): Promise<void> {
  const client = connect(emulator.connectionString);
  await client.createSender('q').sendMessages({ body: 'still here' });
  const receiver = client.createReceiver('q');
  await receiver.completeMessage(await receiveOne(receiver));
  await client.close();
}

test.each([
  ['something that is not AMQP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['another version', Buffer.from('AMQP\0\0\x09\x01', 'latin1')],
  ['another protocol', Buffer.from('AMQP\x07\x01\0\0', 'latin1')],
  ['a frame that is too small', Buffer.concat([HEADER, Buffer.from('00000004', 'hex'), Buffer.alloc(8)])],
  ['a frame that is larger than agreed', Buffer.concat([HEADER, frame(OPEN, ['peer']), Buffer.from('7fffffff02000000', 'hex'), Buffer.alloc(100)])],
  ['a frame whose data start behind its end', Buffer.concat([HEADER, Buffer.from('00000010ff000000', 'hex'), Buffer.alloc(8)])],
  ['an unknown performative', Buffer.concat([open(), frame(0x66, [])])],
  ['a performative that is no list', Buffer.concat([open(), Buffer.from('0000000c020000004142434445', 'hex')])],
  ['a second open', Buffer.concat([open(), frame(OPEN, ['again'])])],
  ['a transfer on a link that is not there', Buffer.concat([open(), frame(TRANSFER, [uint(9), uint(0), Buffer.from('t'), uint(0)], Buffer.from('x'))])],
  ['a flow on a link that is not there', Buffer.concat([open(), frame(FLOW, [uint(0), uint(1), uint(0), uint(1), uint(77)])])],
  ['a frame on a channel that is not there', Buffer.concat([open(), frame(ATTACH, ['l', uint(0), true], Buffer.alloc(0), 9)])],
  ['a list of four billion elements', Buffer.concat([HEADER, Buffer.from('0000001402000000005310d000000004ffffffff', 'hex')])],
  ['an array of four billion nothings', Buffer.concat([HEADER, Buffer.from('0000001902000000005310c0' + '0b01f000000005ffffffff40', 'hex'), Buffer.alloc(1)])],
  ['a frame of the login after it', Buffer.concat([HEADER, Buffer.from('0000000c020100000053404500', 'hex')])],
])('%s ends in a closed connection', async (_name, bytes) => {
  const { emulator } = await openClient();
  const { socket, ended } = await peer(emulator);
  socket.write(bytes);
  await ended;
  await stillServes(emulator);
});

test('an error of the protocol is told before the connection ends', async () => {
  const { emulator } = await openClient();
  const { socket, ended } = await peer(emulator);
  socket.write(Buffer.concat([open(), frame(0x66, [])]));
  const answer = (await ended).toString('latin1');
  expect(answer).toContain(`\x00S${String.fromCharCode(CLOSE)}`);
  expect(answer).toContain('amqp:');
});

const codes = fc.constantFrom(OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, 0x16, 0x17, CLOSE, 0x41, 0x99);
const states = ['005324450000', '00532545', '00532645', '005327c003024141', '0053274c', '00533445'].map((hex) => Buffer.from(hex, 'hex')).flatMap((bytes) => (isReadable(bytes) ? [decoded(bytes)] : []));
const field = fc.oneof(fc.constant(null), fc.string({ maxLength: 5 }), fc.boolean(), fc.nat(10).map(uint), fc.constant(uint(0xffffffff)), fc.constant(types.wrap_map({ a: 1 })), fc.constant(decoded(Buffer.from('00532845', 'hex'))), fc.constantFrom(...states), fc.constant(Buffer.from('tag')));
const frames = fc.array(fc.record({ code: codes, fields: fc.array(field, { maxLength: 12 }), payload: fc.uint8Array({ maxLength: 20 }), channel: fc.constantFrom(0, 0, 0, 1) }), { minLength: 1, maxLength: 8 });

function isReadable(bytes: Buffer): boolean {
  try {
    decoded(bytes);
    return true;
  } catch {
    return false;
  }
}

test('frames of chance, before and after the opening, never bring the emulator down', async () => {
  const { emulator } = await openClient();
  await fc.assert(
    fc.asyncProperty(frames, fc.boolean(), async (list, opened) => {
      const { socket, ended } = await peer(emulator);
      socket.write(opened ? open() : HEADER);
      for (const { code, fields, payload, channel } of list) socket.write(frame(code, fields, Buffer.from(payload), channel));
      socket.end();
      await ended;
    }),
    { numRuns: byLength(200, 10_000) },
  );
  await stillServes(emulator);
}, 300_000);

test('frames of chance on the links of a client that may do everything never bring the emulator down', async () => {
  const { emulator, client } = await openClient();
  await client.createSender('q').sendMessages(Array.from({ length: 5 }, (_, body) => ({ body })));
  await fc.assert(
    fc.asyncProperty(frames, async (list) => {
      const connection = await openRawConnection(emulator.port, { username: TEST_KEY.name, password: TEST_KEY.key });
      const sender = connection.open_sender({ target: 'q', name: 'out' });
      const receiver = connection.open_receiver({ source: 'q', name: 'in', autoaccept: false, credit_window: 3 });
      await Promise.all([once(sender, 'sendable'), once(receiver, 'receiver_open')]);
      const { socket } = connection as unknown as { socket: Socket };
      const ended = new Promise((resolve) => socket.on('close', resolve));
      for (const { code, fields, payload, channel } of list) socket.write(frame(code, fields, Buffer.from(payload), channel));
      socket.end();
      await ended;
    }),
    { numRuns: byLength(60, 3_000) },
  );
  await emulator.catalog.delete('q');
  await emulator.catalog.create({ name: 'q' });
  await stillServes(emulator);
}, 300_000);

test.each([['none', null], ['a text', 'first']])('a delivery whose id is %s ends the connection', async (_name, id) => {
  const { emulator } = await openClient();
  const connection = await openRawConnection(emulator.port, { username: TEST_KEY.name, password: TEST_KEY.key });
  await once(connection.open_sender({ target: 'q', name: 'out' }), 'sendable');
  const { socket } = connection as unknown as { socket: Socket };
  socket.write(frame(TRANSFER, [uint(0), id, Buffer.from('tag'), uint(0), false], Buffer.from('005377a10178', 'hex')));
  await once(socket, 'close');
  await stillServes(emulator);
});

test('one name stands for a link in each direction, but not for two in one', async () => {
  const { emulator } = await openClient();
  const { socket, ended } = await peer(emulator);
  const cbs = (kind: string): unknown => decoded(Buffer.from(`0053${kind}c00701a104${Buffer.from('$cbs').toString('hex')}`, 'hex'));
  const attach = (handle: number, role: boolean): Buffer => frame(ATTACH, ['both', uint(handle), role, null, null, cbs('28'), cbs('29'), null, null, uint(0)]);
  const received: Buffer[] = [];
  socket.on('data', (bytes) => received.push(bytes));
  const attaches = (): number => Buffer.concat(received).toString('latin1').split('\x00S\x12').length - 1;
  socket.write(Buffer.concat([open(), attach(0, false), attach(1, true)]));
  await expect.poll(attaches).toBe(2);
  socket.write(attach(2, false));
  expect((await ended).toString('latin1')).toContain('attached already');
});

test('a peer that ends in the middle of a login or a frame is forgotten', async () => {
  const { emulator } = await openClient();
  for (const bytes of [Buffer.alloc(0), SASL_HEADER, Buffer.concat([SASL_HEADER, Buffer.from('0000', 'hex')]), Buffer.concat([open(), Buffer.from('000001', 'hex')])]) {
    const { socket, ended } = await peer(emulator);
    socket.write(bytes);
    socket.end();
    await ended;
  }
  await stillServes(emulator);
});

test('a peer that falls silent is dropped', async () => {
  const emulator = await openEmulator({ file: join(tempDir(), 'e.db'), host: '127.0.0.1', port: 0, keys: [TEST_KEY], queues: [], faults: { draw: () => false }, clock: systemClock, log: SILENT_LOG, idleMs: 100 });
  onTestFinished(() => emulator.close());
  const { socket, ended } = await peer(emulator);
  socket.write(open());
  expect((await ended).toString('latin1')).toContain('max idle time exceeded');
});

test('a peer that shows no token is sent away', async () => {
  let timeIsUp: () => void = () => undefined;
  const waited = new Promise<void>((resolve) => (timeIsUp = resolve));
  const clock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => (ms === 60_000 ? waited : systemClock.sleep(ms, signal)) };
  const { emulator } = await openClient({}, { clock });
  const { socket, ended } = await peer(emulator);
  socket.write(open());
  const [early] = (await once(socket, 'data')) as [Buffer];
  expect(early.toString('latin1')).not.toContain('authorise');
  timeIsUp();
  expect((await ended).toString('latin1')).toContain('did not authorise in time');
});

test('a disposition for four billion deliveries costs nothing and settles only what there is', async () => {
  const { client, emulator } = await openClient();
  await client.createSender('q').sendMessages([{ body: 1 }, { body: 2 }]);
  const connection = await openRawConnection(emulator.port);
  await putToken(connection, { audience: 'sb://localhost/' });
  const link = connection.open_receiver({ source: 'q', autoaccept: false, credit_window: 2, rcv_settle_mode: 0 });
  await once(link, 'message');
  const session = (link as unknown as { session: { output(frame: object): void } }).session;
  const frames = (await import('rhea/lib/frames.js')).default;
  const accepted = (rhea.message as unknown as { accepted(): { described(): object } }).accepted().described();
  const from = performance.now();
  for (let again = 0; again < 3; again += 1) session.output(frames.disposition({ role: true, first: 0, last: 0xffffffff, settled: true, state: accepted }));
  await expect.poll(() => emulator.catalog.runtime('q')).toMatchObject({ active: 0 });
  expect(performance.now() - from).toBeLessThan(2_000);
});

test('messages beyond the credit are refused and end the link', async () => {
  const { emulator } = await openClient();
  const connection = await openRawConnection(emulator.port);
  await putToken(connection, { audience: 'sb://localhost/' });
  const link = connection.open_sender('q');
  await once(link, 'sendable');
  const own = link as unknown as { credit: number };
  const closed = once(link, 'sender_close');
  own.credit = 2_000;
  for (let sent = 0; sent < 2_000; sent += 1) link.send({ body: sent, message_id: `${sent}` });
  await closed;
  expect((link.error as { condition?: string }).condition).toBe('amqp:link:transfer-limit-exceeded');
  await stillServes(emulator);
});

test('a message that cannot be decoded is rejected, and the link goes on', async () => {
  const { emulator } = await openClient();
  const connection = await openRawConnection(emulator.port);
  await putToken(connection, { audience: 'sb://localhost/' });
  const link = connection.open_sender('q');
  await once(link, 'sendable');
  for (const [bytes, format] of [[Buffer.from('junk'), 0], [Buffer.from('005373d0000000ff', 'hex'), 0], [Buffer.alloc(0), 0x80013700], [Buffer.from('005375a0026a6b', 'hex'), 0x80013700], [Buffer.from('x'), 77]] as const) {
    const rejected = once(link, 'rejected') as Promise<[{ delivery: { remote_state: { error: { condition: string } } } }]>;
    link.send(bytes, undefined, format);
    const [{ delivery }] = await rejected;
    expect(delivery.remote_state.error.condition).toBe('amqp:decode-error');
  }
  link.send({ body: 'good' });
  await once(link, 'accepted');
});

test('what the library would print goes to the log', async () => {
  const error = vi.spyOn(console, 'error');
  const warn = vi.spyOn(console, 'warn');
  const lines: unknown[] = [];
  const log = { debug: (_fields: object, line: string) => lines.push(line), info: () => undefined, warn: () => undefined, error: () => undefined };
  const { emulator } = await openClient({}, { log });
  const { socket, ended } = await peer(emulator);
  // A link with a terminus of an unknown kind, then the end of the connection without a close.
  socket.write(Buffer.concat([open(), frame(ATTACH, ['l', uint(0), true, null, null, decoded(Buffer.from('00539945', 'hex'))])]));
  await expect.poll(() => lines.join()).toContain('Unknown terminus');
  socket.end();
  await ended;
  expect(error).not.toHaveBeenCalled();
  expect(warn).not.toHaveBeenCalled();
});

test('a wrong password is not told apart from a wrong name, and ends nothing else', async () => {
  const { emulator } = await openClient();
  const container = rhea.create_container();
  const failed = container.connect({ port: emulator.port, host: '127.0.0.1', username: TEST_KEY.name, password: 'wrong', reconnect: false });
  failed.on('disconnected', () => undefined);
  const [{ error }] = (await once(failed, 'connection_error')) as [{ error: { condition: string } }];
  expect(error.condition).toBe('amqp:unauthorized-access');
  await stillServes(emulator);
});

