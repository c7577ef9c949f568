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

/** To be called before the client first connects. */
export function quietConnection(client: ServiceBusClient): void {
  const connection = connectionOf(client);
  if (connection === undefined) return;
  for (const name of ENTRIES) {
    const entry = connection[name];
    if (typeof entry === 'function') connection[name] = (...values: unknown[]): unknown => quietly(() => Reflect.apply(entry, connection, values) as unknown);
  }
}

/** Nothing else runs meanwhile: what waits for a promise is called later. */
function quietly<T>(action: () => T): T {
  const target = globalThis.console;
  const own = VOICES.map((name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const);
  for (const name of VOICES) target[name] = (text: unknown, ...values: unknown[]) => debug(String(text), ...values);
  try {
    return action();
  } finally {
    for (const [name, voice] of own) Object.defineProperty(target, name, voice ?? {});
  }
}
