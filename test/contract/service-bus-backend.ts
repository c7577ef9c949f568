// The queue ports of the Service Bus driver against the emulator in this process: the real SDK over a real connection.

import { onTestFinished } from 'vitest';

import type { OpenServiceBus, ServiceBusBackend } from '../../src/drivers/service-bus/open-service-bus.js';
import { openServiceBus } from '../../src/drivers/service-bus/open-service-bus.js';
import type { QueueDefinition } from '../../src/emulator/queue-catalog.js';
import { type Clock, systemClock } from '../../src/ports/clock.js';
import { openTestEmulator, type TestEmulator } from '../support/emulator.js';
import { memoryPauses } from '../support/memory-pauses.js';
import { TurnedClock } from '../support/turned-clock.js';
import { turns } from '../support/turns.js';
import { QUEUE_SETTINGS, type QueueBackend, type QueueCapabilities } from './queue-backend.js';

export const EMULATED_QUEUES: readonly QueueDefinition[] = QUEUE_SETTINGS.map(({ name, lockMs, ttlMs, maxAttempts }) => ({
  name,
  lockMs,
  ttlMs,
  maxDeliveryCount: maxAttempts,
  deadLetterOnExpiration: true,
}));

/** Counts of this moment, as often as a test wants them. */
const EAGER_COUNTS = { maxAgeMs: 0, callsPerMinute: 1_000_000 };

export const SERVICE_BUS_CAPABILITIES: QueueCapabilities = {
  priorityOrder: false,
  releaseDelay: false,
  lettersGivenBack: false,
  shorterLocks: false,
  restoreInPlace: false,
  lockedCounted: false,
  expiredReason: 'TTLExpiredException',
};

export async function makeServiceBus(): Promise<QueueBackend> {
  const brokerClock = new TurnedClock();
  // The driver's limits of time are real: moving the broker's time on must not end its calls.
  const clock: Clock = { ...systemClock, now: () => brokerClock.now() };
  const emulator = await openTestEmulator({ clock: brokerClock, queues: EMULATED_QUEUES });
  const pauses = memoryPauses(() => clock.now());
  const backend = await openTestServiceBus(emulator, { clock, pauses });
  const other = await openTestServiceBus(emulator, { clock, pauses });
  return {
    ...backend,
    other,
    capabilities: SERVICE_BUS_CAPABILITIES,
    advance: async (ms) => {
      brokerClock.advance(ms);
      // What time has moved is written when the broker has answered once more.
      await turns();
      await emulator.catalog.list();
    },
    now: () => clock.now(),
  };
}

/** Closed when the test has ended. */
export async function openTestServiceBus(
  { connectionString, adminEndpoint }: Pick<TestEmulator, 'connectionString' | 'adminEndpoint'>,
  options: Partial<OpenServiceBus> = {},
): Promise<ServiceBusBackend> {
  const backend = await openServiceBus({
    target: { kind: 'connection-string', connectionString, adminEndpoint },
    queues: QUEUE_SETTINGS,
    pauses: memoryPauses(() => systemClock.now()),
    clock: systemClock,
    random: Math.random,
    countBudget: EAGER_COUNTS,
    ...options,
  });
  onTestFinished(() => backend.close());
  return backend;
}
