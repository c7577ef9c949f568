// Ends the connection of an SDK client that a peer keeps waiting. The SDK's `close` closes what is open: a connection that is
// still being opened keeps its socket and its timers, and with them the process, for two minutes.

import { Socket } from 'node:net';

import type { ServiceBusClient } from '@azure/service-bus';

import { connectionOf } from './sdk-internals.js';

/** To be called when `close` had its time; harmless after it has done its work. */
export function cutConnection(client: ServiceBusClient): void {
  const socket = connectionOf(client)?.['socket'];
  // With an error, since only that is told to those who wait for the connection.
  if (socket instanceof Socket && !socket.destroyed) socket.destroy(new Error('given up'));
}
