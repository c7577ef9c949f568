// TLS before both sides of the emulator, on one port: official clients that know no plain connections, and administration clients,
// which always use https, find both at the address of one connection string.

import { connect, type Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';

import { AppError } from '../domain/errors.js';
import { portError } from './port-error.js';

export interface TlsSettings {
  /** 0: any free one. */
  readonly port: number;
  /** PEM: the certificate, with the ones between it and its authority behind it. */
  readonly cert: string | Buffer;
  /** PEM. */
  readonly key: string | Buffer;
}

export interface TlsFront {
  readonly port: number;
  close(): Promise<void>;
}

interface Behind {
  readonly host: string;
  readonly amqpPort: number;
  readonly atomPort: number;
}

/** The first bytes an AMQP client sends, before anything else; no HTTP request begins like that. */
const AMQP = Buffer.from('AMQP');
/** Who says nothing for this long after the handshake is sent away. */
const FIRST_BYTES_MS = 30_000;

/** Throws PORT_UNUSABLE, or CONFIG_INVALID when certificate and key do not go together. */
export async function openTlsFront({ port, cert, key }: TlsSettings, host: string, behind: Behind): Promise<TlsFront> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createTlsServer({ cert, key }, (front) => {
    keep(front);
    void passOn(front, behind, keep);
  });
  // A handshake that fails is the client's matter: it hears of it by itself.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return {
    port: await listen(server, host, port),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function createTlsServer(pem: Pick<TlsSettings, 'cert' | 'key'>, onConnection: (socket: TLSSocket) => void): Server {
  try {
    return createServer(pem, onConnection);
  } catch (error) {
    throw new AppError('CONFIG_INVALID', `the certificate and key cannot be used: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'both must be PEM files, and the key that of the certificate',
      cause: error,
    });
  }
}

async function passOn(front: TLSSocket, { host, amqpPort, atomPort }: Behind, keep: (socket: Socket) => void): Promise<void> {
  front.setNoDelay(true);
  front.on('error', () => front.destroy());
  const first = await firstBytes(front);
  if (first === undefined) return void front.destroy();
  const port = first.subarray(0, AMQP.length).equals(AMQP) ? amqpPort : atomPort;
  const back = connect({ port, host, noDelay: true });
  keep(back);
  back.on('error', () => front.destroy());
  back.once('close', () => front.destroy());
  front.once('close', () => back.destroy());
  back.write(first);
  front.pipe(back).pipe(front);
}

/** At least four bytes, or undefined when the client went away or is silent. */
async function firstBytes(front: TLSSocket): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let got = Buffer.alloc(0);
    const done = (bytes: Buffer | undefined): void => {
      clearTimeout(timer);
      front.off('data', onData).off('close', onClose).pause();
      resolve(bytes);
    };
    const onData = (chunk: Buffer): void => {
      got = Buffer.concat([got, chunk]);
      if (got.length >= AMQP.length) done(got);
    };
    const onClose = (): void => done(undefined);
    const timer = setTimeout(onClose, FIRST_BYTES_MS).unref();
    front.on('data', onData).once('close', onClose);
  });
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: Error) => reject(portError(error, { host, port, flag: '--tls-port' })));
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
