// The runtime of many machines: jobs in Cosmos DB, queues on Service Bus. There is no queue beside the store.

import type { Config } from '../config/config.js';
import { makeDirectory } from '../config/make-directory.js';
import type { CosmosBackend } from '../drivers/cosmos/open-cosmos.js';
import type { Runtime } from '../runtime.js';
import { openBlobs } from './blob-connection.js';
import type { Basics } from './basics.js';
import { openCosmosStore } from './cosmos-connection.js';
import { openServiceBusOnUse, readServiceBusConnection } from './service-bus-connection.js';

/** Asks the store for one document; everything else is asked when it is used. Throws CONFIG_INVALID and what opening the store throws. */
export async function openCosmosWorld(config: Config, basics: Basics): Promise<Runtime> {
  const { credential, parts, ...own } = basics;
  // The journal and the trash of this machine are still files.
  makeDirectory(config.dataDir);
  const connection = await readServiceBusConnection(config);
  const backend = await openCosmosStore(config, { ...own, credential });
  const { usage, ...ports }: CosmosBackend = backend;
  const remote = openServiceBusOnUse(config, connection, { ...basics, pauses: ports.pauses });
  return {
    ...own,
    ...ports,
    queue: remote.queue,
    deadLetters: remote.deadLetters,
    admin: remote.admin,
    blobs: await openBlobs(config, { clock: own.clock, credential, storeId: ports.store.storeId }),
    source: 'servicebus',
    namespace: connection.name,
    degraded: null,
    letterScope: `${ports.store.storeId}@${connection.name}`,
    diagnostics: parts,
    local: null,
    leftBehind: null,
    usage,
    close: async () => {
      await remote.close();
      await own.close();
      await backend.close();
    },
  };
}
