// The SQLite driver for the contract suites: a file in a fresh directory.

import { join } from 'node:path';
import { onTestFinished } from 'vitest';

import { openSqliteBackend, type SqliteBackend } from '../../src/drivers/sqlite/open-sqlite.js';
import { tempDir } from '../support/temp-dir.js';
import { type ContractBackend, HOUR_MS, TestClock } from './contract-backend.js';

export const TEST_QUEUES = ['first-queue', 'second-queue'] as const;

/** As openSqliteBackend with the queues of the suites; closed when the test has ended. */
export async function openTestSqlite(file: string, clock: TestClock, options: { lockWaitMs?: number } = {}): Promise<SqliteBackend> {
  const queues = TEST_QUEUES.map((name) => ({ name, lockMs: 60_000, ttlMs: HOUR_MS, maxAttempts: 3 }));
  const backend = await openSqliteBackend({ file, queues, clock, random: Math.random, ...options });
  onTestFinished(() => backend.close());
  return backend;
}

export async function makeSqliteBackend(): Promise<ContractBackend & { readonly file: string }> {
  const file = join(tempDir(), 'queue.db');
  const clock = new TestClock();
  const ports = await openTestSqlite(file, clock);
  return { file, ports, clock, queues: TEST_QUEUES, another: () => openTestSqlite(file, clock) };
}
