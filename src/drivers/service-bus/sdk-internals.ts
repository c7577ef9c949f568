// What this driver reads of the inside of @azure/service-bus 7.9.5, because the public side does not tell it. Everything
// is looked for at run time: with another inside the driver still works, only slower to notice what was lost.
//
// - Whether a link is still attached. The SDK attaches a broken link again under the old name, and would then settle
//   deliveries of the old link on the new one, where their numbers belong to other messages.
// - When the connection is lost. Requests whose answers were on their way would be waited for until their time is up, up
//   to a minute, and hold up everything behind them.
// - How long it waits for a drain.
// - The option TCP_NODELAY. Without it every small exchange waits for a delayed acknowledgement, 40 ms.

import { Socket } from 'node:net';

import type { ServiceBusClient, ServiceBusReceiver, ServiceBusSender } from '@azure/service-bus';

/** A link of rhea, the AMQP library under the SDK. */
export interface AmqpLink extends Emitter {
  is_open(): boolean;
  /** A receiver's: it has asked for its credit back and has no answer yet. */
  readonly drain?: boolean;
  readonly session: Emitter;
  readonly connection: Emitter;
}

interface Emitter {
  on(event: string, listener: () => void): unknown;
  removeListener(event: string, listener: () => void): unknown;
}

/** The link of the receiver's newest `receiveMessages`. */
export function linkOfReceiver(receiver: ServiceBusReceiver): AmqpLink | undefined {
  return linkAt(receiver, ['_batchingReceiver', '_link', '_link']);
}

export function linkOfSender(sender: ServiceBusSender): AmqpLink | undefined {
  return linkAt(sender, ['_sender', '_link', '_link']);
}

/**
 * How long a running `receiveMessages` waits until the broker has taken its credit back. The SDK's own 200 ms are short
 * for a busy broker or a long way: it then closes the link, and what was on its way stays locked until its lock ends.
 */
export function waitForDrain(receiver: ServiceBusReceiver, waitMs: number): void {
  const batching = partAt(receiver, ['_batchingReceiver', '_batchingReceiverLite']);
  if (typeof batching?.['_drainTimeoutInMs'] === 'number') batching['_drainTimeoutInMs'] = waitMs;
}

/** Switches Nagle's algorithm off for the connection that the client has or is about to open. */
export function sendWithoutDelay(client: ServiceBusClient): void {
  const connection = connectionOf(client);
  const options = partAt(connection, ['options']);
  if (options === undefined || options['tcp_no_delay'] === true) return;
  options['tcp_no_delay'] = true;
  // Read when it connects; one that is connected already is told.
  const socket = connection?.['socket'];
  if (socket instanceof Socket) socket.setNoDelay(true);
}

/** Calls the listener once when the client's connection is lost, or could not be made. */
export function watchConnection(client: ServiceBusClient, onLost: () => void): void {
  const connection = connectionOf(client);
  if (connection === undefined || !isEmitter(connection)) return;
  const emitter = connection as unknown as Emitter;
  const lost = (): void => {
    emitter.removeListener('disconnected', lost);
    onLost();
  };
  emitter.on('disconnected', lost);
}

/** Ends the requests of the client that wait for an answer, with this error. */
export function failRequests(client: ServiceBusClient, error: Error): void {
  const context = partAt(client, ['_connectionContext']);
  const management = Object.values(partAt(context, ['managementClients']) ?? {}).map((one) => partAt(one, ['_link']));
  for (const link of [...management, partAt(context, ['cbsSession', '_cbsSenderReceiverLink'])]) {
    const requests = link?.['_responsesMap'];
    if (!(requests instanceof Map)) continue;
    for (const request of requests.values()) {
      const waiting = partAt(request, []);
      if (typeof waiting?.['cleanupBeforeResolveOrReject'] === 'function') call(waiting['cleanupBeforeResolveOrReject']);
      if (typeof waiting?.['reject'] === 'function') call(waiting['reject'], error);
    }
    requests.clear();
  }
}

/** Calls the listener once when the link is detached or its connection is lost. Returns what ends the watch. */
export function watchLink(link: AmqpLink, onLost: () => void): () => void {
  const watched: readonly (readonly [Emitter, string])[] = [
    [link, 'receiver_close'],
    [link, 'sender_close'],
    [link.session, 'session_close'],
    [link.connection, 'disconnected'],
  ];
  const end = (): void => {
    for (const [emitter, event] of watched) emitter.removeListener(event, lost);
  };
  const lost = (): void => {
    end();
    onLost();
  };
  for (const [emitter, event] of watched) emitter.on(event, lost);
  return end;
}

type Part = Record<string, unknown>;

/** rhea's connection: the one that the client has or is about to open. */
export function connectionOf(client: ServiceBusClient): Part | undefined {
  return partAt(client, ['_connectionContext', 'connection', '_connection']);
}

function call(method: unknown, ...values: readonly unknown[]): void {
  (method as (...values: readonly unknown[]) => void)(...values);
}

function linkAt(from: object, path: readonly string[]): AmqpLink | undefined {
  const link = partAt(from, path);
  const fits = typeof link?.['is_open'] === 'function' && isEmitter(link) && isEmitter(link['session']) && isEmitter(link['connection']);
  return fits ? (link as unknown as AmqpLink) : undefined;
}

function partAt(from: unknown, path: readonly string[]): Part | undefined {
  let part: unknown = from;
  for (const name of path) part = isPart(part) ? part[name] : undefined;
  return isPart(part) ? part : undefined;
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null;
}

function isEmitter(value: unknown): boolean {
  return isPart(value) && typeof value['on'] === 'function' && typeof value['removeListener'] === 'function';
}
