// The Cosmos DB driver for the contract suites: the store on the local counterpart, its messages relayed to a queue in a SQLite
// file. Two openings are two clients of one account.

import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { type CosmosBackend, openCosmos } from '../../src/drivers/cosmos/open-cosmos.js';
import { openSqliteBackend } from '../../src/drivers/sqlite/open-sqlite.js';
import { relayOutbox } from '../../src/services/relay-outbox.js';
import { type CosmosDouble, type CosmosDoubleOptions, startCosmosDouble } from '../support/cosmos-double/cosmos-double.js';
import { COSMOS_CONTAINER } from '../support/cosmos-double/container.js';
import { tempDir } from '../support/temp-dir.js';
import { type ContractBackend, HOUR_MS, type Ports, TestClock } from './contract-backend.js';
import type { OutboxPorts } from './outbox-backend.js';

const QUEUES = ['first-queue', 'second-queue'] as const;

export interface CosmosContractBackend extends ContractBackend {
  readonly ports: OutboxPorts;
  another(): Promise<OutboxPorts>;
  readonly double: CosmosDouble;
  readonly key: string;
  open(): Promise<CosmosBackend>;
}

export async function makeCosmosBackend(options: Partial<CosmosDoubleOptions> = {}): Promise<CosmosContractBackend> {
  const clock = new TestClock();
  const key = randomBytes(32).toString('base64');
  const double = await startCosmosDouble({ key, database: 'copiloteval', containers: [COSMOS_CONTAINER], now: () => clock.now(), ...options });
  onTestFinished(() => double.stop());
  const file = join(tempDir(), 'queue.db');
  const open = async (): Promise<CosmosBackend> => {
    const store = await openCosmos({ endpoint: double.endpoint, access: { key }, database: 'copiloteval', container: COSMOS_CONTAINER.id, clock, random: Math.random, retentionDays: 90, owner: randomUUID() });
    onTestFinished(() => store.close());
    return store;
  };
  const another = async (): Promise<OutboxPorts> => {
    const store = await open();
    const queues = await openSqliteBackend({ file, queues: QUEUES.map((name) => ({ name, lockMs: 60_000, ttlMs: HOUR_MS, maxAttempts: 3 })), clock, random: Math.random });
    onTestFinished(() => queues.close());
    return { ...store, admin: queues.admin, deadLetters: queues.deadLetters, queue: relayed(store, queues.queue, clock) };
  };
  return { ports: await another(), clock, queues: QUEUES, another, double, key, open };
}

/** Whoever looks for a message first sees to it that what is saved is sent, as a worker's relay does. */
function relayed(store: CosmosBackend, queue: Ports['queue'], clock: TestClock): Ports['queue'] {
  return {
    send: (messages) => queue.send(messages),
    receive: async (params) => {
      await relayOutbox({ ...store, queue, clock, random: Math.random, fallback: 'relay' }, { budgetMs: 3_000 });
      return queue.receive(params);
    },
  };
}
