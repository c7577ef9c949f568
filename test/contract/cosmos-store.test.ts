// The store's contract suites on Cosmos DB, through the official SDK against its local counterpart.

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
describeEventLogContract('Cosmos DB', make);
describeJobLogContract('Cosmos DB', make);
describeCheckpointsContract('Cosmos DB', make);
describeWorkerRegistryContract('Cosmos DB', make);
describeJobCountersContract('Cosmos DB', make);
