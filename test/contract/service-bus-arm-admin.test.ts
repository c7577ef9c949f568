// The administration of queues by Azure Resource Manager: an https double of it over the emulator's queues, with messages
// and peeks through the emulator.

import { ServiceBusClient } from '@azure/service-bus';
import { onTestFinished } from 'vitest';

import { openArmAdministration } from '../../src/drivers/service-bus/arm-administration.js';
import type { AzureCredential } from '../../src/drivers/azure-access/credentials.js';
import { peekThrough } from '../../src/drivers/service-bus/peek-messages.js';
import { ServiceBusQueueAdmin } from '../../src/drivers/service-bus/queue-admin.js';
import { type Clock, systemClock } from '../../src/ports/clock.js';
import type { QueueAdmin } from '../../src/ports/queue-admin.js';
import { ARM_NAMESPACE, ARM_PLACE, ARM_TOKEN, openArmFake } from '../support/arm-fake.js';
import { openTestEmulator } from '../support/emulator.js';
import { memoryPauses } from '../support/memory-pauses.js';
import { TurnedClock } from '../support/turned-clock.js';
import { turns } from '../support/turns.js';
import { describeQueueAdminContract } from './queue-admin.js';
import { QUEUE_SETTINGS, type QueueBackend } from './queue-backend.js';
import { EMULATED_QUEUES, openTestServiceBus, SERVICE_BUS_CAPABILITIES } from './service-bus-backend.js';

const credential: AzureCredential = { remedy: 'sign in', getToken: async () => ({ token: ARM_TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 }), answers: async () => [] };

async function makeArm(): Promise<QueueBackend> {
  const brokerClock = new TurnedClock();
  const clock: Clock = { ...systemClock, now: () => brokerClock.now() };
  const emulator = await openTestEmulator({ clock: brokerClock, queues: EMULATED_QUEUES });
  const pauses = memoryPauses(() => clock.now());
  const fake = await openArmFake(emulator.catalog);
  const place = { ...ARM_PLACE, endpoint: fake.endpoint, certificateAuthority: fake.certificateAuthority };
  const client = new ServiceBusClient(emulator.connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: 5_000 } });
  onTestFinished(() => client.close());
  const admin = async (): Promise<QueueAdmin> =>
    new ServiceBusQueueAdmin({
      administration: await openArmAdministration({ place, namespace: ARM_NAMESPACE, credential }),
      ...{ registry: QUEUE_SETTINGS, pauses, clock, random: Math.random },
      peek: peekThrough(() => client),
      budget: { maxAgeMs: 0, callsPerMinute: 1_000_000 },
    });
  const backend = await openTestServiceBus(emulator, { clock, pauses });
  const other = await openTestServiceBus(emulator, { clock, pauses });
  return {
    ...{ ...backend, admin: await admin() },
    other: { ...other, admin: await admin() },
    capabilities: SERVICE_BUS_CAPABILITIES,
    advance: async (ms) => {
      brokerClock.advance(ms);
      await turns();
      await emulator.catalog.list();
    },
    now: () => clock.now(),
  };
}

describeQueueAdminContract('Service Bus by Resource Manager', makeArm);
