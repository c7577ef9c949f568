// Ends the connection of an SDK client that a peer keeps waiting. The SDK's `close` closes what is open: a connection that is
// still being opened keeps its socket and its timers, and with them the process, for two minutes.

import { Socket } from 'node:net';

import type { ServiceBusClient } from '@azure/service-bus';

import { connectionOf } from './sdk-internals.js';

const AGAIN_MS = 100;
/** Longer than any call of the SDK that was under way goes on. */
const WATCHED_MS = 30_000;

/** A connection that is lost is replaced by the SDK, while calls that were under way open the old one again. */
const known = new WeakMap<ServiceBusClient, Set<NonNullable<ReturnType<typeof connectionOf>>>>();

/** To be called before the client first connects: what it connects with is cut later, whatever it uses by then. */
export function rememberConnection(client: ServiceBusClient): void {
  const connection = connectionOf(client);
  const connections = known.get(client) ?? new Set();
  known.set(client, connections);
  if (connection !== undefined) connections.add(connection);
}

/**
 * To be called when `close` had its time; harmless after it has done its work. A call that was under way opens another
 * connection when its first one is cut: that one is cut too.
 */
export function cutConnection(client: ServiceBusClient): void {
  cut(client);
  const again = setInterval(() => cut(client), AGAIN_MS);
  const enough = setTimeout(() => clearInterval(again), WATCHED_MS);
  // What is not cut keeps the process alive by itself.
  again.unref();
  enough.unref();
}

function cut(client: ServiceBusClient): void {
  rememberConnection(client);
  for (const { socket } of known.get(client) ?? []) {
    // With an error, since only that is told to those who wait for the connection.
    if (socket instanceof Socket && !socket.destroyed) socket.destroy(new Error('given up'));
  }
}
