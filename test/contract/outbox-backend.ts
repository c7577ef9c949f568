// A SQLite store whose queue is elsewhere, for the contract suites: a second SQLite file is that queue. What the store
// has saved is relayed when somebody looks at the queue, so that the suites see one system.

import { join } from 'node:path';
import { onTestFinished } from 'vitest';

import { openSqliteBackend, type SqliteBackend } from '../../src/drivers/sqlite/open-sqlite.js';
import type { Outbox } from '../../src/ports/outbox.js';
import { relayOutbox } from '../../src/services/relay-outbox.js';
import { FarQueue } from '../support/far-queue.js';
import { tempDir } from '../support/temp-dir.js';
import { type ContractBackend, HOUR_MS, type Ports, TestClock } from './contract-backend.js';
import { TEST_QUEUES } from './sqlite-backend.js';

const QUEUES = TEST_QUEUES.map((name) => ({ name, lockMs: 60_000, ttlMs: HOUR_MS, maxAttempts: 3 }));

export type OutboxPorts = Ports & { readonly outbox: Outbox };

export interface OutboxBackend extends ContractBackend {
  readonly ports: OutboxPorts;
  /** The store's own file, as its driver opened it. */
  readonly store: SqliteBackend;
  readonly far: FarQueue;
  readonly files: { readonly store: string; readonly remote: string };
  another(): Promise<OutboxPorts>;
  /** The store's file with its queue in it again; the process before is still there. */
  inOwnQueueMode(): Promise<SqliteBackend>;
}

export async function makeOutboxBackend(): Promise<OutboxBackend> {
  const directory = tempDir();
  const clock = new TestClock();
  const files = { store: join(directory, 'store.db'), remote: join(directory, 'remote.db') };
  const open = async (file: string, messages: 'own-queue' | 'outbox'): Promise<SqliteBackend> => {
    const backend = await openSqliteBackend({ file, queues: QUEUES, clock, random: Math.random, messages });
    onTestFinished(() => backend.close());
    return backend;
  };
  const store = await open(files.store, 'outbox');
  const remote = await open(files.remote, 'own-queue');
  const far = new FarQueue(remote.queue);
  const ports = portsOf(store, { remote, far, clock });
  return {
    ports,
    clock,
    queues: TEST_QUEUES,
    store,
    far,
    files,
    another: async () => portsOf(await open(files.store, 'outbox'), { remote, far, clock }),
    inOwnQueueMode: () => open(files.store, 'own-queue'),
  };
}

function portsOf(store: SqliteBackend, { remote, far, clock }: { remote: SqliteBackend; far: FarQueue; clock: TestClock }): OutboxPorts {
  const { outbox } = store;
  if (outbox === undefined) throw new Error('the store has no outbox');
  const relay = (): Promise<unknown> =>
    relayOutbox({ outbox, store: store.store, queue: far, clock, random: () => 0.5, fallback: 'relay' }, { budgetMs: 10_000 });
  return {
    ...store,
    outbox,
    queue: {
      send: (messages) => far.send(messages),
      receive: async (params) => {
        await relay();
        return far.receive(params);
      },
    },
    localQueue: store.queue,
    deadLetters: remote.deadLetters,
    admin: remote.admin,
  };
}
