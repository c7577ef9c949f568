// Opens the Cosmos DB store: jobs, their outbox, events, logs, checkpoints, workers and pause flags in one container.

import { randomUUID } from 'node:crypto';
import { Agent } from 'node:https';

import { CosmosClient, type CosmosClientOptions } from '@azure/cosmos';
import type { TokenCredential } from '@azure/identity';

import { AppError } from '../../domain/errors.js';
import type { Backend } from '../../ports/backend.js';
import type { Clock } from '../../ports/clock.js';
import { ChangeWatch } from './change-watch.js';
import { CosmosCheckpoints } from './checkpoints.js';
import { PARTITION_KEY } from './container-definition.js';
import { CosmosCalls } from './cosmos-calls.js';
import { missing } from './cosmos-errors.js';
import { CosmosEventLog } from './event-log.js';
import { CosmosJobLog } from './job-log.js';
import { countPerMinute, countTotals } from './job-sets.js';
import { CosmosJobStore } from './job-store.js';
import { CosmosJobsElsewhere } from './jobs-elsewhere.js';
import { CosmosOutbox } from './outbox.js';
import { OwnEntries } from './own-entries.js';
import { CosmosQueuePauses } from './queue-pauses.js';
import { REQUEST_PLUGINS } from './request-errors.js';
import { keepSeconds } from './retention.js';
import { SentNotes } from './sent-notes.js';
import { CosmosWatchedJobs } from './watched-jobs.js';
import { CosmosWorkerRegistry } from './worker-registry.js';

/** A container and the way to it. */
export interface CosmosAccount {
  readonly endpoint: string;
  /** The account's key, or who asks for tokens. */
  readonly access: { readonly key: string } | { readonly credential: TokenCredential };
  readonly database: string;
  readonly container: string;
  /** For tests: a certificate authority, a pipeline of its own. */
  readonly client?: Partial<CosmosClientOptions> & { readonly ca?: string };
}

export interface OpenCosmos extends CosmosAccount {
  readonly clock: Clock;
  readonly random: () => number;
  /** Names this process in the outbox. */
  readonly owner: string;
  /** Ended jobs and what belongs to them are deleted by the service when they are so old; one day at least. */
  readonly retentionDays: number;
  /** How long after a search of the outbox that found nothing of others' another one is left out; each goes over all partitions. Default 0. */
  readonly searchEveryMs?: number;
}

/** What this process has cost so far, by the service's own figures. */
export interface StoreUsage {
  readonly requests: number;
  readonly requestUnits: number;
}

export type CosmosBackend = Required<Pick<Backend, 'outbox' | 'watched' | 'pauses' | 'elsewhere'>> &
  Pick<Backend, 'store' | 'events' | 'counters' | 'jobLog' | 'checkpoints' | 'workers'> & {
    readonly usage: () => StoreUsage;
    close(): Promise<void>;
  };

const REQUEST_TIMEOUT_MS = 10_000;

/** One read, or a write the very first time. COSMOS_UNAUTHORIZED, COSMOS_NOT_FOUND, BACKEND_UNAVAILABLE. */
export async function openCosmos(options: OpenCosmos): Promise<CosmosBackend> {
  const { clock, random, endpoint } = options;
  const client = openClient(options);
  try {
    const calls = new CosmosCalls({ container: client.database(options.database).container(options.container), endpoint, clock, random });
    const storeId = await readStoreId(calls, endpoint);
    const own = new OwnEntries(options.owner);
    const keep = keepSeconds(options.retentionDays);
    const notes = new SentNotes({ calls, clock, owner: options.owner });
    const watch = new ChangeWatch(calls, clock);
    return {
      store: new CosmosJobStore({ calls, clock, storeId, own, notes, keep, changed: () => watch.poke() }),
      outbox: new CosmosOutbox({ calls, clock, own, notes, searchEveryMs: options.searchEveryMs ?? 0 }),
      watched: new CosmosWatchedJobs(calls),
      elsewhere: new CosmosJobsElsewhere(calls, clock),
      pauses: new CosmosQueuePauses(calls, clock),
      events: new CosmosEventLog(calls, watch),
      counters: { totals: () => countTotals(calls), perMinute: (params) => countPerMinute(calls, params) },
      jobLog: new CosmosJobLog(calls, keep),
      checkpoints: new CosmosCheckpoints(calls, keep),
      workers: new CosmosWorkerRegistry(calls),
      usage: () => ({ requests: calls.requests, requestUnits: Math.round(calls.requestUnits * 100) / 100 }),
      close: async () => {
        await notes.close();
        client.dispose();
      },
    };
  } catch (error) {
    client.dispose();
    throw error;
  }
}

/** Connects to nothing yet. */
export function openClient({ endpoint, access, client: { ca, ...client } = {} }: CosmosAccount): CosmosClient {
  return new CosmosClient({
    endpoint,
    ...('key' in access ? { key: access.key } : { aadCredentials: access.credential }),
    // Without it no session token is sent, and a process may not read what it has just written.
    consistencyLevel: 'Session',
    connectionPolicy: { requestTimeout: REQUEST_TIMEOUT_MS, enableEndpointDiscovery: false },
    ...REQUEST_PLUGINS,
    ...(ca === undefined ? {} : { agent: new Agent({ ca, keepAlive: true }) }),
    ...client,
  });
}

/** Of two processes that open an empty store at once, one writes the id and both read it. */
async function readStoreId(calls: CosmosCalls, endpoint: string): Promise<string> {
  const read = async (): Promise<string | undefined> => (await calls.read<{ storeId: string }>('meta', 'store'))?.storeId;
  const known = await read();
  if (known !== undefined) return known;
  const created = await calls.create({ id: 'store', pk: 'meta', kind: 'meta', storeId: randomUUID() } as { id: string; pk: string });
  const written = await read();
  if (written === undefined && created.kind === 'refused' && created.status === 404) throw missing(endpoint);
  if (written === undefined) throw otherPartitions(endpoint);
  return written;
}

/** The SDK takes the partition from where the container says it is: a document then lies elsewhere than where it is read. */
function otherPartitions(endpoint: string): AppError {
  return new AppError('CONFIG_INVALID', `the container at ${endpoint} does not give back what was written to it: its partition key is not ${PARTITION_KEY.path}`, {
    hint: '`copiloteval doctor` compares it with what is needed, and `copiloteval azure commands` prints the line that creates it',
  });
}
