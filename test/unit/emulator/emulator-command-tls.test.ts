import { createServer as createHttpServer } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { openTlsFront, type TlsFront } from '../../../src/emulator/tls-front.js';
import { type Certificate, localCertificate } from '../../support/certificate.js';

const AMQP_HEADER = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 1, 0, 0]);

let certificate: Certificate;
beforeAll(async () => {
  certificate = await localCertificate();
});

interface World {
  readonly front: TlsFront;
  /** What the AMQP side was sent. */
  readonly received: Buffer[];
  /** Connections that the AMQP side has. */
  readonly open: () => number;
  readonly amqp: Server;
}

/** An AMQP side that echoes and an HTTP side that says hello, behind a front. */
async function open(): Promise<World> {
  const received: Buffer[] = [];
  const sockets = new Set<object>();
  const amqp = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk);
      socket.write(chunk);
    });
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  const http = createHttpServer((incoming, response) => response.end(`${incoming.method} ${incoming.url} ${incoming.headers.host}`));
  const ports = await Promise.all([listen(amqp), listen(http)]);
  const front = await openTlsFront({ port: 0, ...certificate }, '127.0.0.1', { host: '127.0.0.1', amqpPort: ports[0], atomPort: ports[1] });
  onTestFinished(async () => {
    await front.close();
    amqp.close();
    http.close();
  });
  return { front, received, open: () => sockets.size, amqp };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

function dial({ front }: World): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: front.port, host: 'localhost', ca: certificate.cert }, () => resolve(socket));
    socket.once('error', reject);
  });
}

function nextBytes(socket: TLSSocket, count: number): Promise<Buffer> {
  return new Promise((resolve) => {
    let got = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
      if (got.length >= count) resolve(got);
    });
  });
}

function closed(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

describe('the TLS front', () => {
  test('passes AMQP on, byte for byte, also when the first bytes come one by one', async () => {
    const world = await open();
    const socket = await dial(world);
    const body = Buffer.alloc(300_000, 7);
    const echo = nextBytes(socket, AMQP_HEADER.length + body.length);
    for (const byte of AMQP_HEADER) socket.write(Buffer.from([byte]));
    socket.write(body);
    expect((await echo).equals(Buffer.concat([AMQP_HEADER, body]))).toBe(true);
    socket.destroy();
  });

  test('passes https requests on to the administration side', async () => {
    const { front } = await open();
    const text = await new Promise<string>((resolve, reject) => {
      request({ port: front.port, host: 'localhost', path: '/q?x=1', method: 'PUT', ca: certificate.cert }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      })
        .on('error', reject)
        .end();
    });
    expect(text).toBe(`PUT /q?x=1 localhost:${front.port}`);
  });

  test('closes the other half when one half goes', async () => {
    const world = await open();
    const fromClient = await dial(world);
    const echo = nextBytes(fromClient, 8);
    fromClient.write(AMQP_HEADER);
    await echo;
    expect(world.open()).toBe(1);
    fromClient.destroy();
    await expect.poll(() => world.open()).toBe(0);

    const fromServer = await dial(world);
    const accepted = new Promise<{ destroy(): void }>((resolve) => world.amqp.once('connection', resolve));
    fromServer.on('error', () => undefined).write(AMQP_HEADER);
    const gone = closed(fromServer);
    (await accepted).destroy();
    await gone;
  });

  test('survives clients that speak no TLS, leave in the middle, or say nothing at all', async () => {
    const world = await open();
    const { connect: plain } = await import('node:net');
    const rude = plain({ port: world.front.port, host: '127.0.0.1' });
    const rudeGone = new Promise((resolve) => rude.once('close', resolve));
    rude.on('error', () => undefined).resume().write('GET / HTTP/1.1\r\n\r\n');
    await rudeGone;
    const leaving = await dial(world);
    leaving.write('AM');
    leaving.destroy();
    const silent = await dial(world);
    const socket = await dial(world);
    const echo = nextBytes(socket, 8);
    socket.write(AMQP_HEADER);
    await echo;
    const gone = closed(silent);
    await world.front.close();
    await gone;
  });

  test('closes the connection of a client when the side behind it is gone', async () => {
    const world = await open();
    await new Promise((resolve) => world.amqp.close(resolve));
    const socket = await dial(world);
    const gone = closed(socket);
    socket.on('error', () => undefined).write(AMQP_HEADER);
    await gone;
  });

  test('says what is wrong with a certificate and its key', async () => {
    const other = await localCertificate();
    const behind = { host: '127.0.0.1', amqpPort: 1, atomPort: 1 };
    await expect(openTlsFront({ port: 0, cert: certificate.cert, key: other.key }, '127.0.0.1', behind)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(openTlsFront({ port: 0, cert: 'hello', key: 'world' }, '127.0.0.1', behind)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
