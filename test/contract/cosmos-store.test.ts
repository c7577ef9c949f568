// The store's contract suites on Cosmos DB, through the official SDK against its local counterpart.

import { expect, test } from 'vitest';

import { insertJob } from './contract-backend.js';
import { describeCheckpointsContract } from './checkpoints.js';
import { makeCosmosBackend } from './cosmos-backend.js';
import { describeEventLogContract } from './event-log.js';
import { describeJobCountersContract } from './job-counters.js';
import { describeJobLogContract } from './job-log.js';
import { describeJobStoreContract } from './job-store.js';
import { describeJobStoreListContract } from './job-store-list.js';
import { describeJobStoreSetsContract } from './job-store-sets.js';
import { describeOutboxContract } from './outbox.js';
import { describeWorkerRegistryContract } from './worker-registry.js';

const make = (): ReturnType<typeof makeCosmosBackend> => makeCosmosBackend();

const ELSEWHERE = { sharesQueue: false };

describeOutboxContract('Cosmos DB', make, { hasOwnQueue: false });
describeJobStoreContract('Cosmos DB', make, ELSEWHERE);
describeJobStoreListContract('Cosmos DB', make, 40);
describeJobStoreSetsContract('Cosmos DB', make, ELSEWHERE);
describeEventLogContract('Cosmos DB', make, { ordersJobs: false });
describeEventLogContract('Cosmos DB with one physical partition', () => makeCosmosBackend({ ranges: 1 }));
describeJobLogContract('Cosmos DB', make);
describeCheckpointsContract('Cosmos DB', make);
describeWorkerRegistryContract('Cosmos DB', make);
describeJobCountersContract('Cosmos DB', make);

test('what a process says it was charged is what the account has billed', async () => {
  const backend = await make();
  const { store, counters, workers, usage } = await backend.open();
  const [billed, charged] = [backend.double.units(), usage().requestUnits];
  await insertJob(backend);
  const ofOthers = backend.double.units() - billed;
  await Promise.all([store.list({ filter: {}, limit: 10 }), counters.totals(), workers.list()]);
  const cost = usage().requestUnits - charged;
  expect(cost).toBeGreaterThan(0);
  expect(cost).toBeCloseTo(backend.double.units() - billed - ofOthers, 1);
});
