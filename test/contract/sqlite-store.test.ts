// The store's contract suites on SQLite: a file in a temporary directory, a second connection where it matters.

import { describeCheckpointsContract } from './checkpoints.js';
import { describeEventLogContract } from './event-log.js';
import { describeJobCountersContract } from './job-counters.js';
import { describeJobLogContract } from './job-log.js';
import { describeJobStoreContract } from './job-store.js';
import { describeJobStoreListContract } from './job-store-list.js';
import { describeJobStoreSetsContract } from './job-store-sets.js';
import { describeBeginAttemptContract } from './begin-attempt.js';
import { describeJobStoreSettlesContract } from './job-store-settles.js';
import { makeSqliteBackend } from './sqlite-backend.js';
import { describeWorkerRegistryContract } from './worker-registry.js';

describeJobStoreContract('SQLite', makeSqliteBackend);
describeJobStoreListContract('SQLite', makeSqliteBackend);
describeJobStoreSetsContract('SQLite', makeSqliteBackend);
describeJobStoreSettlesContract('SQLite', makeSqliteBackend);
describeBeginAttemptContract('SQLite', makeSqliteBackend);
describeEventLogContract('SQLite', makeSqliteBackend);
describeJobLogContract('SQLite', makeSqliteBackend);
describeCheckpointsContract('SQLite', makeSqliteBackend);
describeWorkerRegistryContract('SQLite', makeSqliteBackend);
describeJobCountersContract('SQLite', makeSqliteBackend);
