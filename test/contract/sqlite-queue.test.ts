// The queue ports on SQLite: two connections on one file, one settable clock.

import { join } from 'node:path';
import { onTestFinished } from 'vitest';

import { openSqliteBackend } from '../../src/drivers/sqlite/open-sqlite.js';
import { SettableClock } from '../support/settable-clock.js';
import { tempDir } from '../support/temp-dir.js';
import { describeDeadLetterQueueContract } from './dead-letter-queue.js';
import { describeMessageQueueContract } from './message-queue.js';
import { describeQueueAdminContract } from './queue-admin.js';
import { QUEUE_SETTINGS, type QueueBackend } from './queue-backend.js';

async function makeSqlite(): Promise<QueueBackend> {
  const clock = new SettableClock();
  const options = { file: join(tempDir(), 'queue.db'), queues: QUEUE_SETTINGS, clock, random: Math.random };
  const backend = await openSqliteBackend(options);
  const other = await openSqliteBackend(options);
  onTestFinished(async () => {
    await backend.close();
    await other.close();
  });
  return {
    ...backend,
    other,
    capabilities: {
      priorityOrder: true,
      releaseDelay: true,
      lettersGivenBack: true,
      shorterLocks: true,
      restoreInPlace: true,
      lockedCounted: true,
      expiredReason: 'EXPIRED',
    },
    advance: async (ms) => clock.advance(ms),
    now: () => clock.now(),
  };
}

describeMessageQueueContract('SQLite', makeSqlite);
describeDeadLetterQueueContract('SQLite', makeSqlite);
describeQueueAdminContract('SQLite', makeSqlite);
