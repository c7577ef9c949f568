// The first eight bytes of an AMQP connection, which tell an AMQP broker from everything else that listens on a port.

import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import type { AmqpAddress } from '../target.js';

/** Protocol header with SASL, version 1.0.0 (AMQP 1.0, part 5, section 3.1). */
const SASL_HEADER = Buffer.from([0x41, 0x4d, 0x51, 0x50, 3, 1, 0, 0]);

/** Resolves when the other side greets back; rejects with what the socket says, or with what came instead. */
export function greetAmqp({ host, port, tls }: AmqpAddress, signal: AbortSignal): Promise<void> {
  const socket = tls ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}) }) : connect({ host, port });
  return answerOf(socket, signal, (reply) => {
    if (reply.length < 4) return 'more';
    if (reply.subarray(0, 4).toString('latin1') === 'AMQP') return 'good';
    return new Error(`what answers is not an AMQP broker (it sent ${JSON.stringify(reply.subarray(0, 16).toString('latin1').replace(/[^\x20-\x7e]/g, '.'))})`);
  });
}

/** True when something accepts connections there. */
export function reaches(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    signal.addEventListener('abort', () => end(false), { once: true });
  });
}

function answerOf(socket: Socket, signal: AbortSignal, judge: (reply: Buffer) => 'more' | 'good' | Error): Promise<void> {
  return new Promise((resolve, reject) => {
    let reply = Buffer.alloc(0);
    const end = (error?: Error): void => {
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    socket.once('error', end);
    socket.once('close', () => end(new Error('the other side closed the connection without an answer (ECONNRESET)')));
    socket.on('data', (data: Buffer) => {
      reply = Buffer.concat([reply, data]);
      const verdict = judge(reply);
      if (verdict !== 'more') end(verdict === 'good' ? undefined : verdict);
    });
    // Destroyed, the socket lets the process end; left alone it would wait for the system's own limit of minutes.
    signal.addEventListener('abort', () => end(new Error('no answer')), { once: true });
    socket.write(SASL_HEADER);
  });
}
