// Ends the connection of an SDK client that a peer keeps waiting. The SDK's `close` closes what is open: a connection that is
// still being opened keeps its socket and its timers, and with them the process, for two minutes.

import { Socket } from 'node:net';

import type { ServiceBusClient } from '@azure/service-bus';

/** The way to the socket inside of @azure/service-bus 7.9.5. With another inside nothing is cut. */
const SOCKET = ['_connectionContext', 'connection', '_connection', 'socket'];

/** To be called when `close` had its time; harmless after it has done its work. */
export function cutConnection(client: ServiceBusClient): void {
  let part: unknown = client;
  for (const name of SOCKET) part = typeof part === 'object' && part !== null ? (part as Record<string, unknown>)[name] : undefined;
  // With an error, since only that is told to those who wait for the connection.
  if (part instanceof Socket && !part.destroyed) part.destroy(new Error('given up'));
}
