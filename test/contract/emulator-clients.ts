// The official SDK connected to an emulator of the test's own.

import { ServiceBusClient, type ServiceBusReceivedMessage, type ServiceBusReceiver } from '@azure/service-bus';
import { onTestFinished } from 'vitest';

import type { QueueDefinition } from '../../src/emulator/queue-catalog.js';
import type { StartEmulator } from '../../src/emulator/start-emulator.js';
import { openTestEmulator, type TestEmulator } from '../support/emulator.js';

/** No retries: what fails is to be seen. */
export const ONE_TRY = { maxRetries: 0, timeoutInMs: 5_000 };

export interface EmulatorClient {
  readonly emulator: TestEmulator;
  readonly client: ServiceBusClient;
}

/** A queue named `q`, with what is given, and a client; both end with the test. */
export async function openClient(queue: Partial<QueueDefinition> = {}, options: Partial<StartEmulator> = {}): Promise<EmulatorClient> {
  const emulator = await openTestEmulator({ queues: [{ name: 'q', ...queue }], ...options });
  const client = connect(emulator.connectionString);
  return { emulator, client };
}

export function connect(connectionString: string, retryOptions: object = ONE_TRY): ServiceBusClient {
  const client = new ServiceBusClient(connectionString, { retryOptions });
  onTestFinished(() => client.close());
  return client;
}

/** The next message; fails when none comes within two seconds. */
export async function receiveOne(receiver: ServiceBusReceiver): Promise<ServiceBusReceivedMessage> {
  const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 2_000 });
  if (message === undefined) throw new Error('expected a message, none came');
  return message;
}

/** What comes within a quarter of a second. */
export function receiveNow(receiver: ServiceBusReceiver, max = 10): Promise<ServiceBusReceivedMessage[]> {
  return receiver.receiveMessages(max, { maxWaitTimeInMs: 250 });
}

/** What a failing call failed with; its code is the service's name for it. */
export async function failure(call: Promise<unknown>): Promise<{ readonly code: unknown; readonly message: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return { code: 'code' in error ? error.code : undefined, message: error.message };
    throw error;
  }
  throw new Error('expected the call to fail');
}
