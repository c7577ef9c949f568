// The emulator inside the test's own process, on free ports over a file of its own.

import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { QUEUES } from '../../src/domain/queue-registry.js';
import { SILENT_LOG } from '../../src/emulator/emulator-log.js';
import type { QueueDefinition } from '../../src/emulator/queue-catalog.js';
import type { AccessKey } from '../../src/emulator/sas/access-key.js';
import { type RunningEmulator, type StartEmulator, startEmulator } from '../../src/emulator/start-emulator.js';
import { systemClock } from '../../src/ports/clock.js';
import { freePort } from './free-port.js';
import { tempDir } from './temp-dir.js';

export const TEST_KEY: AccessKey = { name: 'test', key: Buffer.from('the key of tests').toString('base64'), rights: new Set(['Send', 'Listen', 'Manage']) };

/** The product's queues as `emulator start` makes them. */
export const REGISTRY_QUEUES: readonly QueueDefinition[] = QUEUES.map(({ name, lockMs, ttlMs, maxAttempts }) => ({
  name,
  lockMs,
  ttlMs,
  maxDeliveryCount: maxAttempts,
  deadLetterOnExpiration: true,
}));

export interface TestEmulator extends RunningEmulator {
  readonly file: string;
}

/**
 * Without `file` it is closed, and its file removed, when the test has ended; with one the caller closes it, for instance
 * in `afterAll` or to start it again on the same file.
 */
export async function openTestEmulator(options: Partial<StartEmulator> = {}): Promise<TestEmulator> {
  const file = options.file ?? join(tempDir(), 'emulator.db');
  const emulator = await startEmulator({
    host: '127.0.0.1',
    port: await freePort(),
    adminPort: await freePort(),
    keys: [TEST_KEY],
    queues: REGISTRY_QUEUES,
    clock: systemClock,
    random: Math.random,
    log: SILENT_LOG,
    ...options,
    file,
  });
  if (options.file === undefined) onTestFinished(() => emulator.close());
  return { ...emulator, file };
}
