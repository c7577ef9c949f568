// rhea, the AMQP library under the SDK, reports what it finds odd on the console, from within its own calls: in the middle
// of structured logs or of a screen. What it reports is no more than that (a message that comes without credit is received
// like any other), so only who asks with NODE_DEBUG=copiloteval-amqp reads it.

import { debuglog } from 'node:util';

import type { ServiceBusClient } from '@azure/service-bus';

import { connectionOf } from './sdk-internals.js';

/** What the socket and the turns of the event loop call. */
const ENTRIES = ['input', '_disconnected', '_process'];
const VOICES = ['error', 'warn', 'trace'] as const;

const debug = debuglog('copiloteval-amqp');
const say = (text: unknown, ...values: unknown[]): void => debug(String(text), ...values);
const QUIET: Console = Object.assign(Object.create(globalThis.console) as Console, Object.fromEntries(VOICES.map((name) => [name, say])));

/** To be called before the client first connects. */
export function quietConnection(client: ServiceBusClient): void {
  const connection = connectionOf(client);
  if (connection === undefined) return;
  for (const name of ENTRIES) {
    const entry = connection[name];
    if (typeof entry === 'function') connection[name] = (...values: unknown[]): unknown => quietly(() => Reflect.apply(entry, connection, values) as unknown);
  }
}

/**
 * Nothing else runs meanwhile: what waits for a promise is called later. The console as a whole is exchanged, since this
 * is done for every frame: taking its voices out and putting them back one by one costs a hundred times as much.
 */
function quietly<T>(action: () => T): T {
  const own = globalThis.console;
  globalThis.console = QUIET;
  try {
    return action();
  } finally {
    globalThis.console = own;
  }
}
