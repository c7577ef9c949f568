// A bare AMQP client, for what the official SDK for JavaScript does not do and clients in other languages do.

import { createHmac } from 'node:crypto';
import { once } from 'node:events';

import rhea from 'rhea';
import { onTestFinished } from 'vitest';

import { TEST_KEY } from '../support/emulator.js';

type Connection = ReturnType<typeof rhea.connect>;
type Link = ReturnType<Connection['open_receiver']> | ReturnType<Connection['open_sender']>;

export interface RawDelivery {
  readonly tag: Buffer;
  accept(): void;
  release(): void;
  reject(error: object): void;
  modified(fields: object): void;
}

export interface RawContext {
  readonly message?: Record<string, unknown>;
  readonly delivery?: RawDelivery;
  readonly error?: { readonly condition?: string; readonly description?: string };
}

/** Connected, with a token for everything. `options` are rhea's. */
export async function openRawConnection(port: number, options: object = {}): Promise<Connection> {
  const connection = rhea.create_container().connect({ port, host: '127.0.0.1', reconnect: false, ...options });
  for (const event of ['disconnected', 'protocol_error', 'connection_error', 'connection_close', 'error', 'receiver_error', 'sender_error', 'session_error']) connection.on(event, () => undefined);
  onTestFinished(() => connection.close());
  await once(connection, 'connection_open');
  return connection;
}

export interface TokenOptions {
  readonly audience: string;
  readonly key?: string;
  readonly keyName?: string;
  readonly expiresAt?: number;
  /** Of the request, with its type on the wire. */
  readonly messageId?: unknown;
  readonly type?: string;
}

/** Puts a token and returns the answer. */
export async function putToken(connection: Connection, options: TokenOptions): Promise<Record<string, unknown>> {
  const replies = connection.open_receiver({ source: '$cbs', name: `cbs-in-${Math.random()}` });
  const requests = connection.open_sender({ target: '$cbs', name: `cbs-out-${Math.random()}` });
  await Promise.all([once(replies, 'receiver_open'), once(requests, 'sendable')]);
  const answered = once(replies, 'message') as Promise<[RawContext]>;
  requests.send({
    message_id: options.messageId ?? 'id',
    reply_to: '$cbs',
    application_properties: { operation: 'put-token', type: options.type ?? 'servicebus.windows.net:sastoken', name: options.audience },
    body: sasToken(options),
  } as never);
  const [{ message }] = await answered;
  replies.close();
  requests.close();
  return message ?? {};
}

export function sasToken({ audience, key = TEST_KEY.key, keyName = TEST_KEY.name, expiresAt = Date.now() + 60_000 }: TokenOptions): string {
  const resource = encodeURIComponent(audience);
  const expiry = Math.floor(expiresAt / 1000);
  const signature = createHmac('sha256', key).update(`${resource}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${keyName}`;
}

/** Why the broker closed a link. */
export async function refusal(link: Link): Promise<string | undefined> {
  await once(link, link.is_receiver() ? 'receiver_close' : 'sender_close');
  return (link.error as { condition?: string } | undefined)?.condition;
}

/** Sends a request to the management node of an entity and returns the answer. */
export async function request(connection: Connection, entity: string, message: Record<string, unknown>): Promise<Record<string, unknown>> {
  const replies = connection.open_receiver({ source: `${entity}/$management`, target: `reply-${Math.random()}`, name: `in-${Math.random()}` });
  const requests = connection.open_sender({ target: `${entity}/$management`, name: `out-${Math.random()}` });
  await Promise.all([once(replies, 'receiver_open'), once(requests, 'sendable')]);
  const answered = once(replies, 'message') as Promise<[RawContext]>;
  requests.send({ message_id: 'id', reply_to: (replies.target as { address?: string }).address, ...message } as never);
  const [{ message: answer }] = await answered;
  replies.close();
  requests.close();
  return answer ?? {};
}
