// A SQLite store with workers whose queue is on an emulator in the test's process, over the real SDK.

import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { openTestServiceBus } from '../contract/service-bus-backend.js';
import { QUEUES } from '../../src/domain/queue-registry.js';
import { FsBlobStore } from '../../src/drivers/blob-fs/fs-blob-store.js';
import { openSqliteBackend } from '../../src/drivers/sqlite/open-sqlite.js';
import type { Backend } from '../../src/ports/backend.js';
import { type Clock, systemClock } from '../../src/ports/clock.js';
import { DeadLetterWatch } from '../../src/services/dead-letter-watch.js';
import { relayOutbox } from '../../src/services/relay-outbox.js';
import { openTestEmulator, REGISTRY_QUEUES, type TestEmulator } from './emulator.js';
import { tempDir } from './temp-dir.js';
import { OTHER_QUEUE, QUEUE, World } from './worker-world.js';

export class ServiceBusWorld extends World<Clock> {
  constructor(
    backend: Backend,
    readonly emulator: TestEmulator,
  ) {
    super(backend, systemClock);
  }

  relay(): Promise<unknown> {
    const { outbox } = this.backend;
    if (outbox === undefined) throw new Error('the store has no outbox');
    return relayOutbox({ ...this.backend, outbox, fallback: 'relay' }, { budgetMs: 10_000 });
  }

  watch(): DeadLetterWatch {
    const { watched } = this.backend;
    if (watched === undefined) throw new Error('nothing is watched');
    return new DeadLetterWatch({ ...this.backend, watched }, { queues: [QUEUE], workerId: 'w-1' });
  }
}

/** `queue`: how the emulator's queues differ from the registry's. Closed when the test has ended. */
export async function openServiceBusWorld(
  queue: Partial<(typeof REGISTRY_QUEUES)[number]> = {},
  options: Parameters<typeof openTestEmulator>[0] = {},
): Promise<ServiceBusWorld> {
  const directory = tempDir();
  const queues = REGISTRY_QUEUES.flatMap((each) => (each.name === QUEUE ? [{ ...each, ...queue }, { ...each, ...queue, name: OTHER_QUEUE }] : []));
  const emulator = await openTestEmulator({ queues, ...options });
  const registry = QUEUES.flatMap((each) => (each.name === QUEUE ? [each, { ...each, name: OTHER_QUEUE }] : []));
  const own = await openSqliteBackend({ file: join(directory, 'store.db'), queues: registry, clock: systemClock, random: Math.random, messages: 'outbox' });
  onTestFinished(() => own.close());
  const remote = await openTestServiceBus(emulator, { queues: registry, pauses: own.pauses });
  const blobs = new FsBlobStore({ directory: join(directory, 'blobs'), clock: systemClock });
  const ports = { queue: remote.queue, deadLetters: remote.deadLetters, admin: remote.admin };
  return new ServiceBusWorld({ ...own, ...ports, localQueue: own.queue, blobs, clock: systemClock, random: Math.random }, emulator);
}
